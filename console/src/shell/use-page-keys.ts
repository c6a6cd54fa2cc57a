import { useEffect, useEffectEvent } from 'react';
import { consolePages } from '../../../src/model/console-pages.ts';
import { go } from '../browser/place.ts';
import { isTyping } from '../browser/use-keys.ts';

const pages: Readonly<Record<string, string>> = {
  o: consolePages.overview,
  m: consolePages.messages,
  p: consolePages.pool,
  n: consolePages.nodes,
  c: consolePages.configuration,
  u: consolePages.users,
  a: consolePages.audit,
};
const secondKeyMsMax = 1_500;

/**
 * `g` and then a letter goes to a page, `?` shows the keys. The letters mean something else by themselves, so after `g`
 * they are taken before anybody else sees them.
 */
export function usePageKeys(openHelp: () => void): void {
  const help = useEffectEvent(openHelp);
  useEffect(() => {
    let pressedG = -secondKeyMsMax;
    const listen = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector('dialog[open]') !== null) return;
      const path = event.timeStamp - pressedG < secondKeyMsMax ? pages[event.key] : undefined;
      pressedG = event.key === 'g' ? event.timeStamp : -secondKeyMsMax;
      if (path === undefined && event.key !== '?') return;
      event.preventDefault();
      event.stopPropagation();
      if (path === undefined) help();
      else go(path);
    };
    window.addEventListener('keydown', listen, { capture: true });
    return () => window.removeEventListener('keydown', listen, { capture: true });
  }, []);
}
