import type { Command } from '@commander-js/extra-typings';
import { readPolicy, type PolicyKind } from '../../flexible-management/check-policy.ts';
import type { Finding } from '../../flexible-management/finding.ts';
import { WatchError, codeOf, textOf } from '../../model/errors.ts';
import { checkedPolicySchema } from '../../policies/checked-policy.ts';
import { readYamlFile } from '../../runtime/yaml-file.ts';
import type { Cli } from '../cli.ts';
import { withPrint, type PrintOptions } from '../options/client-options.ts';
import { kindOption, readFileOrInput } from '../files/flexible-file.ts';
import { printJson, stdoutStyle } from '../terminal/print.ts';
import { resolvePath } from '../resolve-path.ts';

type Options = PrintOptions & { readonly kind: PolicyKind };

interface CheckedFile {
  readonly file: string;
  readonly valid: boolean;
  /** `line` and `column` are null where the text names the place itself. */
  readonly findings: readonly {
    readonly level: Finding['level'];
    readonly line: number | null;
    readonly column: number | null;
    readonly text: string;
  }[];
}

export function define(command: Command, cli: Cli): void {
  withPrint(command)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper policy check pool-agents.mgrconf
  watchkeeper policy check --kind server forwarding.mgrconf
  watchkeeper policy check /etc/watchkeeper/policies/*.yaml

Files that end in .yaml or .yml are policies that agents watch by; any other holds flexible management.
The exit code is 1 when a file has an error; warnings alone are no reason.
`,
    )
    .argument('<FILE...>', 'the files; - for standard input')
    .addOption(kindOption)
    .action((files, options) => run(cli, files, options));
}

async function run(cli: Cli, files: readonly string[], options: Options): Promise<void> {
  const checked: CheckedFile[] = [];
  for (const file of files)
    checked.push(
      /\.ya?ml$/.test(file) ? await checkYaml(cli, file) : await checkFlexible(cli, file, options.kind),
    );
  if (checked.some(({ valid }) => !valid)) cli.exitCode = 1;
  if (options.json) return printJson(cli, { files: checked });
  const style = stdoutStyle(cli, options);
  for (const { file, valid, findings } of checked) {
    for (const { level, text, line, column } of findings) {
      const word = style.paint(level === 'error' ? 'redBright' : 'yellow', level);
      const where = line === null || column === null ? file : `${file}:${line}:${column}`;
      cli.stdout.write(`${where}: ${word}: ${text}\n`);
    }
    if (valid) cli.stdout.write(`${file}: ${style.paint('green', 'good')}\n`);
  }
}

async function checkFlexible(cli: Cli, file: string, kind: PolicyKind): Promise<CheckedFile> {
  const { policy, findings } = readPolicy(await readFileOrInput(cli, file), kind);
  return {
    file,
    valid: policy !== null,
    findings: findings.map(({ level, at, text }) => ({ level, ...at, text })),
  };
}

async function checkYaml(cli: Cli, file: string): Promise<CheckedFile> {
  const { files } = await cli.runtime();
  try {
    await readYamlFile(files, resolvePath(cli, file), checkedPolicySchema);
    return { file, valid: true, findings: [] };
  } catch (error) {
    if (!(error instanceof WatchError) || codeOf(error) !== 'WK_CONFIG') throw error;
    return {
      file,
      valid: false,
      findings: [{ level: 'error', line: null, column: null, text: textOf(error) }],
    };
  }
}
