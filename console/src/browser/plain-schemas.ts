import { z } from 'zod';

// Schemas look, as they are made, whether they may compile themselves to code. The content security policy refuses that, at a
// cost: so this stands before all of them, as the first import of main.tsx and in one chunk with zod (vite.config.ts).
z.config({ jitless: true });
