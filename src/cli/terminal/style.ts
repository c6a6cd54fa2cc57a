import { styleText } from 'node:util';
import type { Severity } from '../../model/severity.ts';
import type { Cli, Output } from '../cli.ts';

export type ColorChoice = 'auto' | 'always' | 'never';
type Format = Parameters<typeof styleText>[0];

/** How text is shown on one output. */
export interface Style {
  paint(format: Format, text: string): string;
  severity(severity: Severity): string;
}

/** Each severity is told by word, shape and colour; any one of them is enough. */
const severityLook: Readonly<Record<Severity, { shape: string; plainShape: string; format: Format }>> = {
  unknown: { shape: '?', plainShape: '?', format: 'magenta' },
  normal: { shape: '●', plainShape: 'o', format: 'green' },
  warning: { shape: '▲', plainShape: '^', format: 'cyan' },
  minor: { shape: '◆', plainShape: '+', format: 'yellow' },
  major: { shape: '■', plainShape: '#', format: 'redBright' },
  critical: { shape: '✖', plainShape: 'X', format: ['bgRed', 'whiteBright', 'bold'] },
};

export function styleOf(cli: Pick<Cli, 'environment'>, output: Output, choice: ColorChoice = 'auto'): Style {
  const colored = isColored(cli.environment, output, choice);
  const shaped = speaksUtf8(cli.environment);
  const paint = (format: Format, text: string): string =>
    colored ? styleText(format, text, { validateStream: false }) : text;
  return {
    paint,
    severity: (severity) => {
      const { shape, plainShape, format } = severityLook[severity];
      return paint(format, `${shaped ? shape : plainShape} ${severity}`);
    },
  };
}

/** NO_COLOR and FORCE_COLOR by their conventions; what is said on the command line counts before both. */
export function isColored(environment: Cli['environment'], output: Output, choice: ColorChoice): boolean {
  if (choice !== 'auto') return choice === 'always';
  if (environment.NO_COLOR) return false;
  if (environment.FORCE_COLOR !== undefined) return !['0', 'false'].includes(environment.FORCE_COLOR);
  return output.isTerminal && environment.TERM !== 'dumb';
}

function speaksUtf8({ LC_ALL, LC_CTYPE, LANG }: Cli['environment']): boolean {
  const locale = [LC_ALL, LC_CTYPE, LANG].find((value) => value);
  return locale === undefined || /utf-?8/i.test(locale);
}
