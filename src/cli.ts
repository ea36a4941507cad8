#!/usr/bin/env node
/**
 * The command `qyapi-token`: `doctor` finds what keeps this machine from calling WeCom, `explain`
 * explains an errcode, `fake` starts a fake WeCom. The exit code is 0, 1 if something is wrong, or 2
 * for a wrong usage. No secret and no token is ever printed.
 */
import { runCommand } from './cli/run-command.js'
import { processTerminal } from './cli/terminal.js'

process.exitCode = await runCommand(process.argv.slice(2), processTerminal())
