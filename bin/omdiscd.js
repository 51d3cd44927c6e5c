#!/usr/bin/env node
void import('../dist/moskit.mjs');
