import { after } from 'node:test';
import { endSharedPlace } from './console-place.ts';

after(endSharedPlace);
await import('./access-cases.ts');
await import('./configuration-cases.ts');
await import('./node-cases.ts');
await import('./every-page-cases.ts');
await import('./outcome-cases.ts');
