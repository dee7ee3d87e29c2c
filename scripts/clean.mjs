// Removes what a build leaves, on any platform.
import { rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
