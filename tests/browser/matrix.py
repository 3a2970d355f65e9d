#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of netpolctl matrix in a real browser: every verdict and its reason against
-o json and the policies, filters, search, keyboard, ports, themes, hostile strings.

matrix.py NETPOLCTL DIRECTORY: pages and screenshots go to DIRECTORY; the last line is
"matrix: N passed, N failed"."""
import json
import os
import subprocess
import sys

from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import Select, WebDriverWait

TOOL, OUT = sys.argv[1], os.path.abspath(sys.argv[2])
PORTS = ["TCP/80", "TCP/5432", "UDP/53"]
EVIL = "<img src=x onerror=\"document.title='broken'\">"
APPS = ["web", "api", "db", "cache", "worker"]
counts = {True: 0, False: 0}


def check(ok, what):
    counts[bool(ok)] += 1
    if not ok:
        print("failed:", what)


def equal(have, want, what):
    check(have == want, "%s: %r is not %r" % (what, have, want))


def cluster(name, tier, spec):
    return {"apiVersion": "policy.networking.k8s.io/v1alpha2", "kind": "ClusterNetworkPolicy",
            "metadata": {"name": name},
            "spec": {"tier": tier, "priority": 5, "subject": {"namespaces": {}}, **spec}}


def policy(namespace, name, spec):
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def select(app):
    return {"podSelector": {"matchLabels": {"app": app}}}


def world(namespaces, per_namespace):
    items, number = [], 0
    for n in range(namespaces):
        ns = "team-%02d" % n
        items.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ns}})
        for p in range(per_namespace):
            number += 1
            app = APPS[p % 5]
            items.append({
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": "%s-%d" % (app, p), "namespace": ns,
                             "labels": {"app": app}},
                "status": {"phase": "Running",
                           "podIP": "10.0.%d.%d" % (number >> 8, number & 255)}})
        if n % 3 == 0:
            continue
        items.append(policy(ns, "default-deny", {}))
        items.append(policy(ns, "web-open", {**select("web"), "ingress": [
            {"ports": [{"port": 53, "protocol": "UDP"}]}, {"ports": [{"port": 80}]}]}))
        items.append(policy(ns, "db-from-api", {
            **select("db"), "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [select("api")]}]}))
    return {"apiVersion": "v1", "kind": "List", "items": items}


def run(source, form):
    path = os.path.join(OUT, "world.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(source, file)
    return subprocess.run([TOOL, "matrix", "-f", path, "--ports", ",".join(PORTS), "-o", form],
                          check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout


def browser(dark=False, width=1280, height=860):
    options = webdriver.ChromeOptions()
    for word in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                 "--hide-scrollbars", "--no-first-run", "--disable-extensions",
                 "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND",
                 "--window-size=%d,%d" % (width, height)]:
        options.add_argument(word)
    if dark:
        options.add_argument("--blink-settings=preferredColorScheme=0")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    driver.set_page_load_timeout(30)
    return driver


class Page:
    """One open page."""

    def __init__(self, driver, name, text):
        self.driver = driver
        path = os.path.join(OUT, name + ".html")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        driver.get("file://" + path)
        WebDriverWait(driver, 30).until(lambda d: self.state().get("ready") == "yes")
        self.canvas = driver.find_element(By.ID, "canvas")

    def state(self):
        return self.driver.execute_script(
            "return Object.assign({}, document.documentElement.dataset)")

    def text(self, which):
        return self.driver.find_element(By.ID, which).text

    def place(self, row, column):
        """Centre of a cell among the first eight, from the canvas's middle."""
        width, height, d = self.driver.execute_script(
            "const c = document.getElementById('canvas');"
            "return [c.clientWidth, c.clientHeight, Object.assign({}, c.dataset)]")
        half = float(d["cell"]) / 2
        x = float(d["left"]) + float(d["x"].split(",")[column]) + half
        y = float(d["top"]) + float(d["y"].split(",")[row]) + half
        return int(x - width / 2), int(y - height / 2)

    def hover(self, row, column):
        ActionChains(self.driver, 0).move_to_element_with_offset(
            self.canvas, *self.place(row, column)).perform()

    def press(self, *keys):
        for key in keys:
            ActionChains(self.driver, 0).send_keys(key).perform()

    def choose(self, which, value):
        Select(self.driver.find_element(By.ID, which)).select_by_visible_text(value)

    def search(self, which, text):
        field = self.driver.find_element(By.ID, which)
        field.clear()
        field.send_keys(text)

    def port(self, number):
        self.driver.find_elements(By.CSS_SELECTOR, "#ports button")[number].click()

    def shot(self, name):
        self.driver.save_screenshot(os.path.join(OUT, name + ".png"))

    def quiet(self, what):
        equal([entry["message"] for entry in self.driver.get_log("browser")
               if entry["level"] == "SEVERE"], [], what + ": no error in the browser's log")


WORD = {"1": "allowed", "0": "denied"}


def verdicts(page, want, what):
    """Every cell by the keyboard, against -o json."""
    for number, port in enumerate(PORTS):
        page.port(number)
        equal(page.state()["port"], port, what + ": port switch")
        rows = want["allowed"][port]
        ones = sum(row.count("1") for row in rows)
        equal((page.state()["allowed"], page.state()["denied"]),
              (str(ones), str(len(rows) ** 2 - ones)), "%s, %s: counts" % (what, port))
        page.driver.execute_script("document.activeElement.blur()")
        page.driver.execute_script("document.getElementById('canvas').focus()")
        page.press(Keys.ESCAPE, Keys.ARROW_DOWN)
        wrong = page.driver.execute_script("""
            const [pods, rows, word] = arguments, wrong = [];
            const canvas = document.getElementById("canvas"), root = document.documentElement;
            const key = (name) => canvas.dispatchEvent(new KeyboardEvent("keydown", { key: name }));
            pods.forEach((source, r) => {
                key("Home");
                pods.forEach((destination, c) => {
                    const have = [root.dataset.source, root.dataset.destination, root.dataset.verdict].join(" ");
                    if (have !== [source, destination, word[rows[r][c]]].join(" "))
                        wrong.push(have);
                    key("ArrowRight");
                });
                key("ArrowDown");
            });
            return wrong;""", want["pods"], rows, WORD)
        equal(wrong[:5], [], "%s, %s: verdicts of %d cells" % (what, port, len(rows) ** 2))


def reasons(page):
    """What stands beside a verdict, by pointing at it."""
    order = ["team-00/api-1", "team-00/cache-3", "team-00/db-2", "team-00/web-0",
             "team-00/worker-4", "team-01/api-1", "team-01/cache-3", "team-01/db-2"]
    page.port(0)
    page.press(Keys.ESCAPE)
    for source, destination, verdict, lines in [
            ("team-00/web-0", "team-00/db-2", "allowed",
             ["Leaves team-00/web-0", "not isolated", "Enters team-00/db-2"]),
            ("team-01/api-1", "team-01/db-2", "allowed",
             ["allowed by ingress[0] of team-01/db-from-api", "also isolated by",
              "team-01/default-deny"]),
            ("team-00/api-1", "team-01/db-2", "denied",
             ["isolated, no rule accepts", "team-01/db-from-api", "team-01/default-deny"]),
            ("team-01/db-2", "team-00/api-1", "denied",
             ["Leaves team-01/db-2", "isolated, no rule accepts", "team-01/db-from-api",
              "Enters team-00/api-1", "not isolated"]),
            ("team-01/db-2", "team-01/db-2", "allowed", ["A pod cannot block itself"])]:
        page.hover(order.index(source), order.index(destination))
        state = page.state()
        equal((state.get("source"), state.get("destination"), state.get("verdict")),
              (source, destination, verdict), "pointing at %s, %s" % (source, destination))
        text = page.text("why")
        for line in lines:
            check(line in text, "%s to %s: %r in %r" % (source, destination, line, text))
    page.choose("to-namespace", "team-01")
    page.search("to-search", "web")
    page.press(Keys.TAB)
    page.hover(0, 0)
    check("allowed by ingress[1] of team-01/web-open" in page.text("why"), "the rule's number")
    page.driver.find_element(By.ID, "reset").click()


def filters(page):
    """Namespace, search, keeping a cell, nothing found."""
    page.choose("from-namespace", "team-01")
    equal((page.state()["rows"], page.state()["columns"]), ("5", "15"), "filter by namespace")
    page.search("to-search", "DB-")
    equal((page.state()["rows"], page.state()["columns"]), ("5", "3"), "search, in any case")
    check("from 5 to 3 pods" in page.text("count"), "the sum is of what is shown")
    page.hover(2, 1)
    equal(page.state().get("source"), "team-01/db-2", "a row among those shown")
    ActionChains(page.driver, 0).click().perform()
    page.hover(0, 0)
    equal(page.state().get("source"), "team-01/db-2", "a click keeps the cell")
    check("kept" in page.text("why").lower(), "and says so")
    page.search("to-search", "nothing-like-it")
    equal((page.state()["columns"], page.state().get("source")), ("0", None), "nothing found")
    check(page.driver.find_element(By.ID, "none").is_displayed(), "and says so")
    page.driver.find_element(By.ID, "reset").click()
    equal((page.state()["rows"], page.state()["columns"]), ("15", "15"), "show all")


def keyboard(page):
    """Reached by Tab; focus alone shows a verdict; the port switch has arrow keys."""
    driver = page.driver
    driver.execute_script("document.activeElement.blur()")
    driver.find_element(By.ID, "reset").send_keys(Keys.TAB)
    equal(driver.switch_to.active_element.get_attribute("id"), "canvas", "Tab reaches the matrix")
    equal(page.state().get("source"), "team-00/api-1", "focus shows the first verdict")
    page.press(Keys.ARROW_DOWN, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    equal((page.state()["source"], page.state()["destination"]),
          ("team-00/cache-3", "team-00/db-2"), "arrow keys move")
    page.press(Keys.ESCAPE)
    equal(page.state().get("source"), None, "Escape lets go")
    driver.find_element(By.CSS_SELECTOR, "#ports button[aria-checked=true]").send_keys(
        Keys.ARROW_RIGHT)
    equal(page.state()["port"], PORTS[1], "arrow keys switch the port")
    page.port(0)


def zoom(page):
    before = float(page.canvas.get_attribute("data-cell"))
    page.driver.find_element(By.ID, "larger").click()
    larger = float(page.canvas.get_attribute("data-cell"))
    check(larger > before, "larger cells")
    page.driver.find_element(By.ID, "smaller").click()
    check(float(page.canvas.get_attribute("data-cell")) < larger, "smaller cells")
    page.driver.find_element(By.ID, "reset").click()


PIXEL = """const c = document.getElementById("canvas"), r = window.devicePixelRatio;
return [...c.getContext("2d").getImageData((+c.dataset.left + +c.dataset.x.split(",")[arguments[1]] + 4) * r,
    (+c.dataset.top + +c.dataset.y.split(",")[arguments[0]] + 4) * r, 1, 1).data].slice(0, 3)"""


def themes(page, dark):
    """The scheme that the system asks for, and the button; cells are really drawn."""
    def body():
        return page.driver.execute_script("return getComputedStyle(document.body).backgroundColor")
    names = ["dark", "light"] if dark else ["light", "dark"]
    equal(page.state()["theme"], names[0], "the system's colours")
    before = body()
    drawn = [page.driver.execute_script(PIXEL, *cell) for cell in [(0, 1), (0, 0), (0, 5), (7, 0), (5, 7)]]
    equal(len({tuple(p) for p in drawn}), 5,
          "open, itself, denied in, denied out and allowed by a rule have five colours")
    page.driver.find_element(By.ID, "theme").click()
    equal(page.state()["theme"], names[1], "the button")
    check(body() != before, "changes the page")
    check(page.driver.execute_script(PIXEL, 0, 1) != drawn[0], "and the cells")
    page.driver.find_element(By.ID, "theme").click()


def hostile(driver, text):
    """Strings that are no names stay text."""
    evil = json.dumps(EVIL)[1:-1].replace("<", "\\u003c").replace(">", "\\u003e")
    for word in ["db-from-api", "team-00/api-1", "team-01"]:
        text = text.replace('"' + word, '"' + evil + word).replace("/" + word, "/" + evil + word)
    page = Page(driver, "hostile", text)
    page.choose("from-namespace", EVIL + "team-01")
    page.search("to-search", "db-2")
    page.press(Keys.TAB)
    page.hover(0, 1)
    check(EVIL in page.text("why"), "hostile names are shown as they are")
    equal(driver.find_elements(By.TAG_NAME, "img"), [], "and make no element")
    equal(driver.title, "netpol matrix", "and run nothing")
    page.quiet("hostile")


def tiers(driver):
    """ClusterNetworkPolicies: a Pass is a line of its own, rules have names."""
    pods = [{"apiVersion": "v1", "kind": "Pod",
             "metadata": {"name": app, "namespace": "a", "labels": {"app": app}},
             "status": {"podIP": "10.0.0.%d" % (number + 1)}}
            for number, app in enumerate(["p", "q", "r"])]
    every = [{"namespaces": {}}]
    source = {"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}, *pods,
        cluster("adm", "Admin", {
            "egress": [{"action": "Deny", "name": EVIL, "to": [{"pods": select("q")}]}],
            "ingress": [{"action": "Accept", "from": [{"pods": select("q")}]},
                        {"action": "Pass", "name": "later", "from": every}]}),
        cluster("base", "Baseline", {"ingress": [
            {"action": "Pass", "from": every, "protocols": [
                {"udp": {"destinationPort": {"number": 53}}}]},
            {"action": "Deny", "name": "rest", "from": every}]})]}
    page = Page(driver, "tiers", run(source, "html"))
    later = "→ passed on by ingress[1] “later” of Admin/adm"
    for port, row, column, verdict, lines in [
            (0, 0, 1, "denied", ["✕ denied by egress[0] “%s” of Admin/adm" % EVIL]),
            (0, 1, 0, "allowed", ["✓ allowed by ingress[0] of Admin/adm"]),
            (0, 0, 2, "denied", [later, "✕ denied by ingress[1] “rest” of Baseline/base"]),
            (2, 0, 2, "allowed", [later, "→ passed on by ingress[0] of Baseline/base",
                                  "✓ not isolated"])]:
        page.port(port)
        page.hover(row, column)
        equal(page.state().get("verdict"), verdict, "tiers, port %d" % port)
        have = page.text("why").splitlines()
        check("\n".join(lines) in "\n".join(have), "tiers: %r one after the other in %r" % (
            lines, have))
    equal(driver.find_elements(By.TAG_NAME, "img"), [], "tiers: names of rules make no element")
    page.shot("tiers-light")
    page.quiet("tiers")


def main():
    os.makedirs(OUT, exist_ok=True)
    small, large = world(3, 5), world(10, 20)
    small_page, small_json = run(small, "html"), json.loads(run(small, "json"))
    driver = browser()
    try:
        page = Page(driver, "small", small_page)
        check("15 pods" in page.text("about") and "from files" in page.text("about"), "the head")
        themes(page, False)
        verdicts(page, small_json, "15 pods")
        reasons(page)
        filters(page)
        keyboard(page)
        zoom(page)
        page.hover(5, 7)
        page.shot("small-light")
        page.quiet("15 pods")
        hostile(driver, small_page)
        tiers(driver)
    finally:
        driver.quit()
    driver = browser(dark=True)
    try:
        page = Page(driver, "small", small_page)
        themes(page, True)
        page = Page(driver, "large", run(large, "html"))
        want = json.loads(run(large, "json"))
        equal((page.state()["rows"], page.state()["columns"]), ("200", "200"), "200 pods")
        ones = sum(row.count("1") for row in want["allowed"]["TCP/80"])
        equal(page.state()["allowed"], str(ones), "200 pods: allowed")
        page.press(Keys.TAB)
        page.driver.execute_script("document.getElementById('canvas').focus()")
        page.press(Keys.ESCAPE, Keys.ARROW_DOWN, Keys.END, *[Keys.PAGE_DOWN] * 25)
        equal((page.state()["source"], page.state()["destination"]),
              (want["pods"][199], want["pods"][199]), "200 pods: the last cell")
        page.press(Keys.ARROW_LEFT)
        equal(page.state()["verdict"], WORD[want["allowed"]["TCP/80"][199][198]],
              "200 pods: its neighbour")
        page.shot("large-dark")
        page.quiet("200 pods")
    finally:
        driver.quit()
    print("matrix: %d passed, %d failed" % (counts[True], counts[False]))
    return 1 if counts[False] else 0


sys.exit(main())
