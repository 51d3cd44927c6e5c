// Stands for ink's string-width: ink then measures as our own rows do. (The package takes 15 ms to compile its expressions.)
import { stripVTControlCharacters } from 'node:util';
import { cellsOf } from '../src/ui/cells.ts';

export default (text) => cellsOf(stripVTControlCharacters(text));
