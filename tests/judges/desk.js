// A walk through the desk in Debian's chromium.
"use strict";
const assert = require("assert");
const fs = require("fs");
const path = require("path");
const { chromium } = require("playwright-core");

const [address, folder, mail, pictures] = process.argv.slice(2);
const root = address.split("/?")[0];
const issue = path.join(folder, "issues/2-walk.md");
const here = `${root}/issue/issues/2-walk.md`;
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const wait = (ms) => new Promise((later) => setTimeout(later, ms));

// Waits until something holds, for a while.
const until = async (what, holds, most = 15000) => {
  const begun = Date.now();
  for (;;) {
    const found = await holds();
    if (found) return found;
    if (Date.now() - begun > most) throw new Error(`not within ${most} ms: ${what}`);
    await wait(20);
  }
};

const main = async () => {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  const context = await browser.newContext({
    viewport: { width: 1320, height: 900 }, colorScheme: "light", bypassCSP: false,
  });
  const page = await context.newPage();
  const outside = [];
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(root) && !url.startsWith("data:")) outside.push(url);
  });
  const complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));

  const picture = async (name) => {
    await page.screenshot({ path: path.join(pictures, `${name}.png`) });
  };
  // axe must not be kept out by the policy of the page, so it is run over the
  // debugging protocol.
  const sound = async (name) => {
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run(document, {
      iframes: false,
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }));
    const words = violations.map((one) =>
      `${one.id}: ${one.help}: ${one.nodes.map((node) => node.html).slice(0, 3).join(" | ")}`);
    assert.deepStrictEqual(words, [], `axe on ${name}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert(wide <= 0, `${name} scrolls sideways by ${wide} px`);
  };

  // Nobody comes in without the key, or by another name.
  const stranger = await browser.newContext();
  const locked = await stranger.request.get(`${root}/`);
  assert.strictEqual(locked.status(), 403);
  const rebound = await stranger.request.get(address, { headers: { host: "evil.example" } })
    .catch(() => null);
  assert(!rebound || rebound.status() === 421, "answered by another name");
  await stranger.close();

  await page.goto(address);
  assert.strictEqual(page.url(), `${root}/`);
  await page.getByRole("link", { name: "The second letter" }).waitFor();
  await picture("issues-light");
  await sound("issues");

  // The issue in all views.
  await page.getByRole("link", { name: "The second letter" }).click();
  const sheet = page.frameLocator("#sheets iframe:not(.next)");
  await sheet.getByText("Older than Gutenberg").waitFor();
  await page.getByText("200 recipients · 1 excluded").waitFor();
  for (const [key, view] of [["1", "mail"], ["2", "phone"], ["3", "both"], ["4", "inbox"],
    ["5", "text"], ["6", "archive"], ["7", "feed"], ["8", "raw"], ["9", "difference"], ["0", "source"]]) {
    await page.locator("body").press(key);
    await page.waitForURL(`**view=${view}*`);
    await page.waitForLoadState("load");
    await wait(150);
    await picture(`view-${view}`);
    await sound(view);
  }
  await page.locator("body").press("1");
  await page.waitForURL("**view=mail*");
  await page.locator("body").press("d");
  await page.waitForURL("**scheme=dark*");
  await sheet.getByText("Older than Gutenberg").waitFor();
  const ground = await page.frames()[1].evaluate(() =>
    getComputedStyle(document.querySelector(".o") || document.body).backgroundColor);
  assert.strictEqual(ground, "rgb(23, 22, 20)", "the sheet is not dark");
  await picture("mail-dark-sheet");

  // A saved change is seen at once, and the place is kept.
  await page.goto(`${here}?view=mail`);
  await sheet.getByText("Older than Gutenberg").waitFor();
  await page.evaluate(() => scrollTo(0, 200));
  const text = fs.readFileSync(issue, "utf8");
  const changed = text.replace("by four hundred years", "by four centuries");
  const begun = Date.now();
  fs.writeFileSync(issue, changed);
  await until("the change is seen", () => page.evaluate(() => {
    const frame = document.querySelector("#sheets iframe:not(.next)");
    return frame.contentDocument.body.textContent.includes("four centuries");
  }), 5000);
  console.log(`a saved change was seen after ${Date.now() - begun} ms`);
  const top = await page.evaluate(() => scrollY);
  assert(Math.abs(top - 200) < 4, `the place was lost: ${top}`);

  // A mistake is found at its place, and the button says so.
  fs.writeFileSync(issue, changed.replace("(https://pandoc.org/)", "()"));
  await page.getByRole("link", { name: "1 error to fix" }).waitFor();
  await page.locator("body").press("n");
  const mark = page.locator(".mark.error");
  await mark.getByText("empty-url").waitFor();
  const link = await mark.locator("a.place").getAttribute("href");
  assert(link.startsWith("vscode://file/") && link.endsWith("issues/2-walk.md:21:4"), link);
  await wait(100);
  await picture("finding-light");
  await sound("a finding");
  await page.emulateMedia({ colorScheme: "dark" });
  await wait(100);
  await picture("finding-dark");
  await sound("a finding, dark");
  await page.setViewportSize({ width: 375, height: 800 });
  await wait(200);
  await picture("finding-375-dark");
  await sound("a finding, dark, 375 px");
  await page.emulateMedia({ colorScheme: "light" });
  await page.evaluate(() => scrollTo(0, 0));
  await wait(100);
  await picture("finding-375-light");
  await sound("a finding, 375 px");
  await page.setViewportSize({ width: 1320, height: 900 });

  // A broken template and a lost file leave the last good view.
  fs.mkdirSync(path.join(folder, "templates"), { recursive: true });
  fs.writeFileSync(path.join(folder, "templates/email.html.hbs"), "<html>{{#if issue.title}}");
  await page.getByText("as of", { exact: false }).first().waitFor();
  await sheet.getByText("Older than Gutenberg").waitFor();
  await picture("broken-template");
  await sound("a broken template");
  fs.rmSync(path.join(folder, "templates/email.html.hbs"));
  await page.locator(".as-of").waitFor({ state: "detached" });
  fs.rmSync(issue);
  await page.getByText("is not there any more").first().waitFor();
  await sheet.getByText("Older than Gutenberg").waitFor();
  fs.writeFileSync(issue, changed);
  await page.getByRole("link", { name: "Approve…" }).waitFor();

  // A test to the editor, then the list.
  await page.locator("body").press("t");
  await page.getByLabel("To", { exact: true }).fill("editor@example.org");
  await picture("test");
  await sound("test");
  await page.getByRole("button", { name: "Send the test" }).click();
  await page.getByText("It left.").waitFor();
  assert.strictEqual(fs.readdirSync(mail).length, 1);

  await page.goto(`${here}?as=reader-042@example.org`);
  await sheet.getByText("reader-042@example.org").waitFor();
  const shown = await context.request.get(`${root}/raw/issues/2-walk.md?as=reader-042@example.org`);
  await page.getByRole("link", { name: "Approve…" }).click();
  await page.getByText("Excluded").first().waitFor();
  await page.getByLabel("Readers leave by a mail").check();
  await page.getByRole("button", { name: "Count again" }).click();
  await page.getByRole("button", { name: "Send #2 to 200…" }).waitFor();
  await picture("approve");
  await sound("approve");
  // Another number sends nothing.
  await page.getByLabel("Type 2 to approve").fill("3");
  await page.getByRole("button", { name: "Send #2 to 200…" }).click();
  await page.getByText("Nothing was sent", { exact: false }).or(page.getByText("nothing was sent")).first().waitFor();
  assert.strictEqual(fs.readdirSync(mail).length, 1);
  await page.getByLabel("Type 2 to approve").fill("2");
  await page.getByRole("button", { name: "Send #2 to 200…" }).click();
  await page.waitForURL("**/mailing/*");
  await until("mail leaves", () => fs.readdirSync(mail).length > 5);
  await wait(1200);
  await picture("sending");
  await sound("sending");
  // The answer to Pause is long in coming, and meanwhile the state changes: the page
  // does not reload itself over it, which would take the form back.
  let polls = 0;
  await page.route("**/progress/**", (route) => {
    polls += 1;
    return route.fulfill({ json: { html: "<p>…</p>", state: `other ${polls}`, said: "" } });
  }, { times: 2 });
  await page.route("**/pause", async (route) => {
    await until("it was asked twice how far it is", () => polls > 1);
    await wait(100);
    await route.continue();
  });
  // Both stand before the page asks again.
  await page.evaluate(() => document.querySelector("#pause").click());
  await page.getByRole("button", { name: "Resume" }).waitFor();
  await page.unroute("**/pause");
  await until("it stands still", async () => {
    const before = fs.readdirSync(mail).length;
    await wait(500);
    return fs.readdirSync(mail).length === before;
  });
  const paused = fs.readdirSync(mail).length;
  assert(paused < 200, "it was not paused in time");
  await page.reload();
  await picture("paused");
  await sound("paused");
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByText("198 of 200 have it; 2 are named below.").waitFor({ timeout: 60000 });
  await until("the report stands", () => page.getByText("no such user").count());
  await picture("done");
  await sound("done");
  assert.strictEqual(fs.readdirSync(mail).length, 199);

  // The report of one person, and the list.
  await page.getByRole("link", { name: "reader-013@example.org" }).click();
  await page.getByText("550").waitFor();
  await picture("person");
  await sound("person");

  // Who was rejected is tried again; but not whose mailbox is known to be gone.
  await page.goto(`${root}/mailing/2`);
  await page.getByLabel("2 rejected").check();
  await page.getByRole("button", { name: "Try them again" }).click();
  await page.locator("#mailing[data-state='finished false']").getByText("199 of 200 have it.").waitFor();
  assert.strictEqual(fs.readdirSync(mail).length, 200);
  await picture("tried-again");
  await sound("tried again");
  await page.getByRole("link", { name: "Subscribers", exact: true }).click();
  await page.getByText("200 confirmed").or(page.getByText("199 confirmed")).first().waitFor();
  await page.locator("body").press("g");
  await picture("subscribers");
  await sound("subscribers");
  await page.getByRole("link", { name: "Mailings", exact: true }).click();
  await picture("mailings");
  await sound("mailings");
  await page.goto(here);
  await page.getByRole("link", { name: "Read the report" }).waitFor();
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto(`${root}/`);
  await picture("issues-dark");
  await sound("issues, dark");
  await page.setViewportSize({ width: 375, height: 800 });
  await picture("issues-375-dark");
  await sound("issues, dark, 375 px");

  fs.writeFileSync(path.join(folder, "shown.eml"), await shownWith(context));
  assert.deepStrictEqual(outside, [], "the desk asked elsewhere");
  assert.deepStrictEqual(complaints.filter((one) => !/ERR_CONNECTION|40[39]|404/.test(one)), []);
  await browser.close();
  void shown;
};

// The message of one reader as the desk shows it, leaving by mail as it was sent.
const shownWith = async (context) => {
  const answer = await context.request.get(
    `${root}/raw/issues/2-walk.md?as=reader-042@example.org&by_mail=1`);
  return answer.body();
};

main().catch((error) => { console.error(error); process.exit(1); });
