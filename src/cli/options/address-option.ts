import { InvalidArgumentError } from '@commander-js/extra-typings';
import { parseAddress, type Address } from '../../model/address.ts';

/** An address to listen on; a port that the system picks would be another one at each start. */
export function addressOption(text: string): Address {
  const address = parseAddress(text);
  if (address !== null && address.port > 0) return address;
  throw new InvalidArgumentError('It must be HOST:PORT, like 192.0.2.7:7100.');
}
