#!/usr/bin/env node
require('../dist/tools.cjs');
