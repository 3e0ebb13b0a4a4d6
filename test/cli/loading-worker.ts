/** Loads the project whose configuration file is given, in a process of its own. */
import { loadProject } from '../../src/cli/load-project.ts';

const project = await loadProject({ config: process.argv[2] });
await project.loadConnectors();
