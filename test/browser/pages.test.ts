import { after } from 'node:test';
import './access-cases.ts';
import './configuration-cases.ts';
import './node-cases.ts';
import './every-page-cases.ts';
import { endSharedPlace } from './console-place.ts';

after(endSharedPlace);
