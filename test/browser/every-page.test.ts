import { after } from 'node:test';
import { endSharedPlace } from './console-place.ts';

after(endSharedPlace);
await import('./every-page-cases.ts');
await import('./outcome-cases.ts');
