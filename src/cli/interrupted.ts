/** Thrown by what was stopped by Ctrl-C before it had done its work. Nothing is printed about it. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}
