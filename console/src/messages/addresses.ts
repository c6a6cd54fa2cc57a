import { consolePages } from '../../../src/model/console-pages.ts';

/** Of the messages page, with one message open or none. `search`: as `searchOfFilter` makes it. */
export function addressOf(id: string | null, search: string): string {
  return (id === null ? consolePages.messages : consolePages.message.replace(':id', id)) + search;
}

/** A link that leads to a message from anywhere, whatever is filtered. */
export function linkTo(id: string): string {
  return new URL(addressOf(id, ''), window.location.origin).href;
}
