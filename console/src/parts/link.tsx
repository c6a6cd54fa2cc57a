import type { ComponentProps, JSX, MouseEvent } from 'react';
import { go } from '../browser/place.ts';

/** A link within the console: an ordinary one for every key and gesture, without loading the page anew. */
export function Link({ to, ...rest }: { readonly to: string } & ComponentProps<'a'>): JSX.Element {
  const follow = (event: MouseEvent<HTMLAnchorElement>): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  return <a {...rest} href={to} onClick={follow} />;
}
