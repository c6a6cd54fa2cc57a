import type { Coordination } from '../../src/coordination/coordination.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';

/** The kernel does not close the gate by itself: only a keeper that runs does. */
export function withLastingGates(runtime: Runtime, coordination: Coordination): [Runtime, Coordination] {
  const lasting = (script: string): string =>
    script.replaceAll(/(open4 \{ \S+) timeout \d+ms/g, (_all, element: string) => element);
  return [withScripts(runtime, lasting), coordination];
}

/** An opening or a renewal that comes late finds nothing gone that should be there. */
export function withoutTickets(runtime: Runtime, coordination: Coordination): [Runtime, Coordination] {
  const unasked = (script: string): string =>
    script
      .split('\n')
      .filter((line) => !line.startsWith('delete element inet watchkeeper ticket4'))
      .map((line) =>
        /^delete element .* open4/.test(line) ? `${line.replace(/^delete/, 'add')}\n${line}` : line,
      )
      .join('\n');
  return [withScripts(runtime, unasked), coordination];
}

function withScripts(runtime: Runtime, twist: (script: string) => string): Runtime {
  const { commands } = runtime;
  return {
    ...runtime,
    commands: {
      ...commands,
      run: (call) => commands.run(call.file === 'nft' ? { ...call, args: call.args.map(twist) } : call),
      standBy: (call) => {
        const ready = commands.standBy(call);
        if (call.file !== 'nft') return ready;
        return { ...ready, finish: (input, timeoutMs) => ready.finish(twist(input), timeoutMs) };
      },
    },
  };
}
