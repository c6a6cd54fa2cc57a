import { after } from 'node:test';
import { endSharedPlace } from './console-place.ts';

after(endSharedPlace);
await import('./access-cases.ts');
await import('./configuration-cases.ts');
await import('./node-cases.ts');
