/** `npm run generate` writes ERRORS.md anew. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderErrorsPage } from './errors-page.js';
import { ROOT } from './source-tree.js';

writeFileSync(join(ROOT, 'ERRORS.md'), renderErrorsPage());
