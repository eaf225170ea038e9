// Accessibility, judged by axe.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { engine } from './settings.mjs';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const NODES_SHOWN_MAX = 3;

/**
 * Fails when axe finds anything on the page as it stands. The page's scripts must be on. What is
 * stored where cannot change what it finds, so it looks on one engine only.
 */
export async function axe(page, what) {
  if (engine !== 'sqlite') return;
  // Evaluated by the debugger, which the page's content policy does not bind.
  if (!await page.evaluate(() => 'axe' in globalThis)) await page.evaluate(source);
  const violations = await page.evaluate(async (rules) => {
    const result = await globalThis.axe.run(document, {
      runOnly: { type: 'tag', values: rules },
      resultTypes: ['violations'],
    });
    return result.violations.map((violation) => ({
      id: violation.id,
      help: violation.help,
      nodes: violation.nodes.map((node) => `${node.target.join(' ')}  ${node.failureSummary}`),
    }));
  }, RULES);
  if (violations.length === 0) return;
  throw new Error(`axe on ${what}:\n  ${violations.map(described).join('\n  ')}`);
}

function described({ id, help, nodes }) {
  const shown = nodes.slice(0, NODES_SHOWN_MAX).map((node) => node.replaceAll(/\s+/g, ' '));
  if (nodes.length > shown.length) shown.push(`and ${nodes.length - shown.length} more`);
  return [`${id}: ${help}`, ...shown].join('\n    ');
}
