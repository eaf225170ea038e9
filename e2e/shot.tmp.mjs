import { chromium } from 'playwright-core';
const [base, email, password, path, out, widths] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--headless','--no-sandbox','--disable-gpu','--disable-quic','--no-first-run','--disable-background-networking','--disable-component-update','--disable-sync'] });
for (const scheme of ['light', 'dark']) for (const width of [1366, 390]) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
  const page = await context.newPage();
  await page.goto(base + '/sign-in'); await page.fill('[name=email]', email); await page.fill('[name=password]', password);
  await page.click('form button'); await page.waitForURL('**/payments**');
  for (const p of path.split(',')) { await page.goto(base + p); await page.screenshot({ path: `${out}-${p.replaceAll(/[^a-zA-Z0-9]+/g,'_')}-${width}-${scheme}.png`, fullPage: true }); }
  await context.close();
}
await browser.close();
