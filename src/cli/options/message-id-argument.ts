import { InvalidArgumentError } from '@commander-js/extra-typings';
import { isUuid } from '../../model/uuid.ts';

export function messageIdArgument(text: string): string {
  const id = text.toLowerCase();
  if (isUuid(id)) return id;
  throw new InvalidArgumentError(`It must be an ID as \`message list\` prints it.`);
}
