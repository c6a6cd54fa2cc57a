/**
 * A way from a group back to itself, `['a', 'b', 'a']`, that can be reached from one of these; null when there is none. Each
 * group is looked at once, and depth costs no stack.
 */
export function circleFrom(
  names: readonly string[],
  groupsIn: (name: string) => readonly string[],
): string[] | null {
  const done = new Set<string>();
  for (const start of names) {
    const path = [start];
    const onPath = new Set(path);
    const left = done.has(start) ? [] : [[...groupsIn(start)]];
    while (left.length > 0) {
      const next = left.at(-1)?.shift();
      if (next === undefined) {
        left.pop();
        const name = path.pop() ?? '';
        onPath.delete(name);
        done.add(name);
      } else if (onPath.has(next)) return [...path.slice(path.indexOf(next)), next];
      else if (!done.has(next)) {
        path.push(next);
        onPath.add(next);
        left.push([...groupsIn(next)]);
      }
    }
  }
  return null;
}
