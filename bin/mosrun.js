#!/usr/bin/env node
import '../dist/moskit.mjs';
