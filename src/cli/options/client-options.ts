import { InvalidArgumentError, Option, type Command } from '@commander-js/extra-typings';
import { durationOption } from './duration-option.ts';
import type { ColorChoice } from '../terminal/style.ts';

/** What every command that asks a pool takes; all of it may come from the environment or a context instead. */
export type ClientOptions = {
  readonly server?: string[];
  readonly identity?: string;
  readonly tokenFile?: string;
  readonly authority?: string;
  readonly context?: string;
  readonly timeout: number;
};

/** What every command that prints data takes. */
export type PrintOptions = {
  readonly json?: true;
  readonly color: ColorChoice;
};

export function withClient(command: Command) {
  return withPrint(command)
    .addOption(
      new Option(
        '--server <URL>',
        'a server or virtual interface; may be given several times (WK_SERVER, separated by commas)',
      ).argParser(collectUrl),
    )
    .option('--identity <FILE>', 'your certificate and key (WK_IDENTITY)')
    .option(
      '--token-file <FILE>',
      'a file with an API token (WK_TOKEN_FILE; WK_TOKEN holds the token itself)',
    )
    .option('--authority <FILE>', "the pool's authority, where there is no identity (WK_AUTHORITY)")
    .option('--context <NAME>', 'a pool that `watchkeeper context` knows (WK_CONTEXT)')
    .option('--timeout <DURATION>', 'give up after this long', durationOption, 10_000);
}

export function withPrint(command: Command) {
  return command
    .option('--json', 'print one JSON document')
    .addOption(
      new Option('--color <WHEN>', 'colours: auto, always or never')
        .choices(['auto', 'always', 'never'] as const)
        .default('auto' as const),
    );
}

/** `HOST:PORT` is taken for `https://HOST:PORT`. */
export function serverUrl(text: string): string {
  const url = /^[a-z]+:\/\//.test(text) ? text : `https://${text}`;
  if (URL.canParse(url) && new URL(url).protocol === 'https:') return new URL(url).origin;
  throw new InvalidArgumentError(`${text} is not an address like https://HOST:PORT.`);
}

export function collectUrl(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), serverUrl(text)];
}
