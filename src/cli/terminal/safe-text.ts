// Control characters (also the 8-bit ones), line separators, and marks that turn the direction of what follows: each
// could make a terminal show something else than the text, or obey it.
// oxlint-disable-next-line no-control-regex
const unsafe = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Text that came from elsewhere, on one line and harmless to a terminal. */
export function safeText(text: string): string {
  return text.replaceAll(/\r?\n|\t/g, ' ').replaceAll(unsafe, '\u{fffd}');
}
