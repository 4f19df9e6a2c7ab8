#!/usr/bin/env node
import { createProgram } from "./cli/program.ts";
import { runProgram } from "./cli/run.ts";

process.exitCode = await runProgram(createProgram(), process.argv);
