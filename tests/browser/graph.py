#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of netpolctl graph in a real browser: what it says of every workload against
exposure -o json, what is drawn of 200 workloads in 40 namespaces, filters, search, ports,
keyboard, folding, themes, the SVG that it saves, hostile names.

graph.py NETPOLCTL DIRECTORY: pages and screenshots go to DIRECTORY; the last line is
"graph: N passed, N failed"."""
import json
import os
import subprocess
import sys
import xml.etree.ElementTree

from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import Select, WebDriverWait

TOOL, OUT = sys.argv[1], os.path.abspath(sys.argv[2])
EVIL = "<img src=x onerror=\"document.title='broken'\"></script>&amp;"
APPS = ["web", "api", "db", "cache", "worker"]
counts = {True: 0, False: 0}


def check(ok, what):
    counts[bool(ok)] += 1
    if not ok:
        print("failed:", what)


def equal(have, want, what):
    check(have == want, "%s: %r is not %r" % (what, have, want))


def policy(namespace, name, spec):
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def select(app):
    return {"podSelector": {"matchLabels": {"app": app}}}


def of(namespace):
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}


def world(namespaces, prefix="team"):
    """Workloads of one to three pods; most namespaces are isolated, every fifth is public."""
    items, number = [], 0
    for n in range(namespaces):
        ns = "%s-%02d" % (prefix, n)
        items.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ns}})
        for p, app in enumerate(APPS):
            for replica in range(1 + (n + p) % 3):
                number += 1
                items.append({
                    "apiVersion": "v1", "kind": "Pod",
                    "metadata": {
                        "name": "%s-%d" % (app, replica), "namespace": ns, "labels": {"app": app},
                        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet",
                                             "name": app, "uid": "u", "controller": True}]},
                    "status": {"phase": "Running",
                               "podIP": "10.0.%d.%d" % (number >> 8, number & 255)}})
        if n % 4 == 0:
            continue
        items.append(policy(ns, "default-deny", {
            "podSelector": {}, "policyTypes": ["Ingress", "Egress"] if n % 4 == 1 else ["Ingress"]}))
        items.append(policy(ns, "db-from-api", {
            **select("db"), "ingress": [{"from": [select("api")], "ports": [{"port": 5432}]}]}))
        items.append(policy(ns, "web", {
            **select("web"), "ingress": [{"from": [of(prefix + "-00")], "ports": [{"port": 8080}]}]}))
        if n % 4 == 1:
            items.append(policy(ns, "api-out", {
                **select("api"), "policyTypes": ["Egress"],
                "egress": [{"to": [select("db")], "ports": [{"port": 5432}]},
                           {"ports": [{"port": 53, "protocol": "UDP"}]}]}))
        if n % 5 == 0:
            items.append(policy(ns, "public", {
                **select("web"), "ingress": [
                    {"from": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}],
                     "ports": [{"port": 443}]}]}))
    return {"apiVersion": "v1", "kind": "List", "items": items}


def run(source, *words):
    path = os.path.join(OUT, "graph-world.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(source, file)
    return subprocess.run([TOOL, words[0], "-f", path, "--lenient", *words[1:]], check=True,
                          stdout=subprocess.PIPE, encoding="utf-8").stdout


def browser(dark=False, width=1440, height=900):
    options = webdriver.ChromeOptions()
    for word in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                 "--hide-scrollbars", "--no-first-run", "--disable-extensions",
                 "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND",
                 "--window-size=%d,%d" % (width, height)]:
        options.add_argument(word)
    if dark:
        options.add_argument("--blink-settings=preferredColorScheme=0")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.add_experimental_option("prefs", {"download.default_directory": OUT,
                                              "download.prompt_for_download": False})
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

    def state(self):
        return self.driver.execute_script(
            "return Object.assign({}, document.documentElement.dataset)")

    def number(self, key):
        return int(self.state()[key])

    def text(self, which):
        return self.driver.find_element(By.ID, which).text

    def thing(self, label):
        """What is drawn, by the beginning of its name for those who do not see it."""
        return self.driver.execute_script(
            "return [...document.querySelectorAll('#drawing [role=button]')].find("
            "(g) => g.getAttribute('aria-label').startsWith(arguments[0]))", label)

    def click(self, label, part=""):
        thing = self.thing(label)
        if part:
            thing = thing.find_element(By.CSS_SELECTOR, part)
        ActionChains(self.driver, 0).move_to_element(thing).click().perform()

    def press(self, *keys):
        for key in keys:
            ActionChains(self.driver, 0).send_keys(key).perform()

    def fill(self, which, text):
        field = self.driver.find_element(By.ID, which)
        field.clear()
        field.send_keys(text)

    def choose(self, which, value):
        Select(self.driver.find_element(By.ID, which)).select_by_visible_text(value)

    def push(self, which):
        self.driver.find_element(By.ID, which).click()

    def shot(self, name):
        self.driver.save_screenshot(os.path.join(OUT, name + ".png"))

    def quiet(self, what):
        equal([entry["message"] for entry in self.driver.get_log("browser")
               if entry["level"] == "SEVERE"], [], what + ": no error in the browser's log")


def spelled(connections):
    """Ports as a label writes them; the made-up world has these only."""
    ports = [p for c in connections for p in c["ports"]]
    if len(ports) == 4:
        return "all ports"
    return ", ".join("%s/%d" % (p["protocol"].lower(), p["first"]) for p in ports)


def wanted(side, names, world_first=True):
    """What the list beside the drawing says of one direction: a line of ports, then ends."""
    lines = []
    for peer in side["world"]:
        lines.append((spelled(peer["connections"]), ["world"]))
    for peer in side["otherNamespaces"] + side["ownNamespace"]:
        lines.append((spelled(peer["connections"]), peer["workloads"]))
    joined = {}
    for ports, ends in lines:
        joined.setdefault(ports, set()).update(ends)
    if "world" in joined.get("all ports", ()) and joined["all ports"] >= names:
        joined["all ports"] |= names
    return joined


SAID = """
const [label] = arguments;
const g = [...document.querySelectorAll("#drawing [role=button]")].find((e) => e.getAttribute("aria-label").startsWith(label));
g.dispatchEvent(new MouseEvent("mousemove", { bubbles: true }));
const sides = [];
for (const e of document.getElementById("what").children)
    if (e.tagName === "H3")
        sides.push([]);
    else if (e.className === "ports")
        sides[sides.length - 1].push([e.textContent, []]);
    else if (e.className === "ends")
        sides[sides.length - 1].at(-1)[1].push(...[...e.children].map((c) => c.textContent));
return [document.documentElement.dataset.picked, sides];
"""


def everything(page, exposure, what):
    """Each workload by pointing at it, against exposure -o json."""
    names = {w["namespace"] + "/" + w["name"] for w in exposure["workloads"]}
    rooms = {}
    for name in names:
        rooms.setdefault(name.split("/")[0], set()).add(name)
    wrong = []
    for workload in exposure["workloads"]:
        name = workload["namespace"] + "/" + workload["name"]
        picked, sides = page.driver.execute_script(SAID, name + ",")
        for direction, said in zip(("ingress", "egress"), sides):
            have = {}
            for ports, ends in said:
                for end in ends:
                    have.setdefault(ports, set()).update(
                        names if end == "all workloads" else {"world"} if end.startswith("world: ")
                        else rooms[end[:-2]] if end.endswith("/*") else {end})
            want = wanted(workload[direction], names)
            if picked != name or have != want:
                wrong.append((name, direction, picked, have, want))
    equal(wrong[:2], [], "%s: what is said of %d workloads" % (what, len(names)))


def first_look(page, exposure):
    """200 workloads in 40 namespaces: folded, and the lines between namespaces."""
    state = page.state()
    equal((state["shown"], state["rooms"]), ("200", "40"), "all is there")
    public = [w for w in exposure["workloads"] if w["ingress"]["world"]]
    isolated = [w for w in exposure["workloads"] if w["ingress"]["isolated"] != "all"]
    equal((state["fromWorld"], state["ingressOpen"]), (str(len(public)), str(len(isolated))),
          "the sums are those of exposure")
    check("200 workloads · 40 namespaces" in page.text("about"), "the title says how much it is")
    pairs = set()
    for workload in exposure["workloads"]:
        for peer in workload["egress"]["otherNamespaces"]:
            if spelled(peer["connections"]) != "all ports":
                pairs |= {(workload["namespace"], other.split("/")[0])
                          for other in peer["workloads"]}
        for peer in workload["ingress"]["world"]:
            if spelled(peer["connections"]) != "all ports":
                pairs.add(("", workload["namespace"]))
    equal(page.number("lines"), len(pairs), "a line for each two namespaces, but for all ports")
    height = page.driver.execute_script(
        "return [document.getElementById('drawing').getBoundingClientRect().height,"
        " document.getElementById('stage').clientHeight]")
    check(height[0] <= height[1] + 80, "folded, it is seen nearly at once: %r" % height)
    page.push("full")
    check(page.number("lines") > len(pairs), "what passes all ports is drawn if asked for")
    page.push("full")


def filters(page):
    page.fill("search", "WEB")
    equal((page.state()["shown"], page.state()["rooms"]), ("40", "40"), "search, in any case")
    page.choose("namespace", "team-05")
    equal(page.state()["shown"], "1", "filter by namespace")
    check("Reached from the world".lower() in page.text("totals").lower(), "sums of what is shown")
    page.fill("search", "nothing-like-it")
    check(page.driver.find_element(By.ID, "none").is_displayed(), "nothing found says so")
    equal(page.state()["rooms"], "0", "and nothing is drawn")
    page.push("reset")
    equal(page.state()["shown"], "200", "show all")
    page.choose("show", "no policy isolates ingress")
    equal(page.state()["shown"], page.state()["ingressOpen"], "those that are open")
    page.choose("show", "reached from the world")
    equal(page.state()["shown"], page.state()["fromWorld"], "those that the world reaches")
    page.push("reset")
    before = page.number("lines")
    page.fill("port", "tcp/8080")
    check(page.number("lines") != before, "a port changes what is drawn")
    page.click("team-05/web,")
    text = page.text("what")
    check("tcp/8080" in text and "tcp/443" not in text, "the list has that port only: %r" % text)
    page.fill("port", "udp/53, 443")
    text = page.text("what")
    check("tcp/443" in text and "tcp/8080" not in text, "or one of several: %r" % text)
    page.push("reset")


def picking(page):
    """Folding, keeping, the list's buttons, directions."""
    page.click("namespace team-01,", "[data-fold]")
    check("folded" not in page.thing("namespace team-01,").get_attribute("aria-label"),
          "the corner of a namespace unfolds it")
    page.click("team-01/db,")
    equal(page.state()["picked"], "team-01/db", "a click picks")
    check("kept" in page.text("what").lower(), "and keeps")
    ActionChains(page.driver, 0).move_to_element(page.thing("team-02/web,")).perform()
    equal(page.state()["picked"], "team-01/db", "pointing elsewhere changes nothing then")
    text = page.text("what")
    for line in ["isolated by", "team-01/db-from-api", "tcp/5432", "team-01/api"]:
        check(line in text, "%r in %r" % (line, text))
    equal(page.number("lines"), 1, "one line: from the api")
    page.push("in")
    equal(page.number("lines"), 0, "none without what comes in")
    page.push("in")
    button = [b for b in page.driver.find_elements(By.CSS_SELECTOR, "#what button")
              if b.text == "team-01/api"][0]
    button.click()
    equal(page.state()["picked"], "team-01/api", "a name in the list leads there")
    check("udp/53" in page.text("what"), "what it reaches")
    page.click("world,")
    equal(page.state()["picked"], "world", "the world can be picked")
    check("tcp/443 · all IPv4 addresses but 10.0.0.0/8" in page.text("what"), "with its addresses")
    page.click("namespace team-05,")
    check("What reaches any of it" in page.text("what"), "so can a namespace")
    page.push("reset")
    equal(page.state().get("picked"), None, "show all lets go")


def keyboard(page):
    driver = page.driver
    driver.execute_script("document.activeElement.blur()")
    driver.find_element(By.ID, "reset").send_keys(Keys.TAB)
    label = driver.switch_to.active_element.get_attribute("aria-label")
    check(label.startswith("namespace team-00"), "Tab reaches the drawing: %r" % label)
    check(driver.find_elements(By.CSS_SELECTOR, "[data-ring]"), "and shows where one is")
    page.press(Keys.ARROW_RIGHT)
    equal(page.state().get("picked"), "team-01", "an arrow key goes to the next namespace")
    page.press(Keys.SPACE)
    page.press(Keys.ARROW_DOWN)
    picked = page.state().get("picked")
    check(picked.startswith("team-01/"), "Space unfolds it, and one gets inside: %r" % picked)
    page.press(Keys.ENTER)
    check("kept" in page.text("what").lower(), "Enter keeps")
    page.press(Keys.ARROW_DOWN)
    equal(page.state().get("picked"), picked, "what is kept stays when one moves")
    page.press(Keys.ESCAPE)
    equal(page.state().get("picked"), None, "Escape lets go")
    tabs = driver.execute_script(
        "return document.querySelectorAll('#drawing [tabindex=\"0\"]').length")
    equal(tabs, 1, "the drawing is one stop for Tab")
    page.push("reset")


def saved(page):
    """The SVG is well-formed, stands alone and has no script."""
    path = os.path.join(OUT, "netpol.svg")
    if os.path.exists(path):
        os.unlink(path)
    page.push("save")
    WebDriverWait(page.driver, 20).until(
        lambda d: os.path.exists(path) and os.path.getsize(path) > 1000)
    root = xml.etree.ElementTree.parse(path).getroot()
    equal(root.tag, "{http://www.w3.org/2000/svg}svg", "an SVG is saved")
    tags = {e.tag.split("}")[1] for e in root.iter()}
    check(tags <= {"svg", "g", "rect", "path", "text", "title"}, "of plain shapes: %r" % tags)
    texts = {e.text for e in root.iter("{http://www.w3.org/2000/svg}text")}
    check({"team-00", "team-39"} <= texts, "with the names of namespaces")
    colours = {e.get("fill") for e in root.iter()} - {None}
    check(not [c for c in colours if "var" in c], "and with colours of its own")


def themes(page, dark):
    def body():
        return page.driver.execute_script("return getComputedStyle(document.body).backgroundColor")

    def fill():
        return page.driver.execute_script(
            "return document.querySelector('#drawing rect').getAttribute('fill')")
    names = ["dark", "light"] if dark else ["light", "dark"]
    equal(page.state()["theme"], names[0], "the system's colours")
    before = body(), fill()
    page.push("theme")
    equal(page.state()["theme"], names[1], "the button")
    check(body() != before[0] and fill() != before[1], "changes the page and the drawing")
    page.push("theme")


def hostile(driver):
    """Names that are no names stay text."""
    source = world(3)
    for item in source["items"]:
        if item["kind"] == "Pod" and item["metadata"]["labels"]["app"] == "db":
            item["metadata"]["ownerReferences"][0]["name"] = EVIL + "db"
    text = run(source, "graph", "-o", "html")
    page = Page(driver, "hostile-graph", text)
    page.click("team-01/" + EVIL + "db,")
    check(EVIL in page.text("what"), "hostile names are shown as they are")
    page.click("team-01/api,")
    check(EVIL in page.text("what"), "in lists too")
    equal(driver.find_elements(By.TAG_NAME, "img"), [], "and make no element")
    equal(driver.title, "netpol graph", "and run nothing")
    path = os.path.join(OUT, "netpol.svg")
    os.unlink(path)
    page.push("save")
    WebDriverWait(driver, 20).until(lambda d: os.path.exists(path) and os.path.getsize(path) > 500)
    titles = [e.text for e in xml.etree.ElementTree.parse(path).iter(
        "{http://www.w3.org/2000/svg}title")]
    check([t for t in titles if EVIL in t], "and stay text in what is saved")
    page.quiet("hostile")


def main():
    os.makedirs(OUT, exist_ok=True)
    small, large = world(4), world(40)
    for dark in (False, True):
        name = "dark" if dark else "light"
        driver = browser(dark)
        try:
            page = Page(driver, "graph-%s" % name, run(large, "graph", "-o", "html"))
            exposure = json.loads(run(large, "exposure", "-o", "json"))
            page.shot("graph-%s-first" % name)
            first_look(page, exposure)
            themes(page, dark)
            page.click("team-05/web,")
            page.shot("graph-%s-picked" % name)
            page.push("reset")
            page.push("fold")
            page.shot("graph-%s-unfolded" % name)
            page.push("reset")
            if not dark:
                everything(page, exposure, "large")
                filters(page)
                picking(page)
                keyboard(page)
                saved(page)
            page.quiet(name)
            page = Page(driver, "graph-small-%s" % name, run(small, "graph", "-o", "html"))
            page.shot("graph-%s-small" % name)
            if not dark:
                everything(page, json.loads(run(small, "exposure", "-o", "json")), "small")
                hostile(driver)
        finally:
            driver.quit()
    print("graph: %d passed, %d failed" % (counts[True], counts[False]))
    return bool(counts[False])


if __name__ == "__main__":
    sys.exit(main())
