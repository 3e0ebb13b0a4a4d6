#!/usr/bin/env node
/** The command `plugboard`. */
import { runCommand } from './cli/command.ts';

process.exitCode = await runCommand(process.argv.slice(2));
