import { Option } from '@commander-js/extra-typings';

/** Commands that read or write a server's own files stand on its machine. */
export function configOption() {
  return new Option('--config <FILE>', "this server's configuration (WK_CONFIG)")
    .env('WK_CONFIG')
    .makeOptionMandatory();
}
