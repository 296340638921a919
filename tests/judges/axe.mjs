// Asks axe-core, in Debian's chromium, about pages: in light and dark, 1200 and
// 375 pixels wide. Wants playwright-core and axe-core where it is run:
//
//   node axe.mjs URL…
//
// Prints each finding with its page; ends with 1 where there is any. Imported, it
// gives `open()`, a browser, and `judge(page)`, the findings about what a page
// shows now, for walks through forms.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const require = createRequire(`${process.cwd()}/`);
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const widths = [1200, 375];
export const schemes = ['light', 'dark'];

/** A browser that talks to nobody but the pages it is shown. */
export async function open() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

/** What axe finds on a page as it stands, one line for each place. */
export async function judge(page) {
  // A strict policy keeps scripts out of the page, this one too: it is put in by
  // the browser's own console.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => axe.run(document, {
    resultTypes: ['violations'],
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  }));
  const wide = await page.evaluate(
    () => document.documentElement.scrollWidth > document.documentElement.clientWidth + 1);
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target }) => `${id}: ${help} (${target.join(' ')})`));
  return wide ? [...found, 'sideways-scroll: the page is wider than the window'] : found;
}

/** All findings about these addresses, with scheme, width and address. */
export async function judgeAll(addresses) {
  const browser = await open();
  const found = [];
  for (const colorScheme of schemes) {
    for (const width of widths) {
      const context = await browser.newContext({
        colorScheme, viewport: { width, height: 900 },
      });
      const page = await context.newPage();
      for (const address of addresses) {
        await page.goto(address, { waitUntil: 'load' });
        for (const line of await judge(page)) found.push(`${colorScheme} ${width} ${address} ${line}`);
      }
      await context.close();
    }
  }
  await browser.close();
  return found;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const found = await judgeAll(process.argv.slice(2));
  for (const line of found) console.error(line);
  console.log(`axe: ${process.argv.length - 2} pages, ${found.length} findings`);
  process.exit(found.length ? 1 : 0);
}
