"""Tells what assistive programs see of the app.

names: role and name of all that is shown. until WORDS: waits for a name with these words.
focus: the name of what has the focus. place NAME: the middle of what has this name, on the screen.
"""
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib

PATIENCE = 30
DEPTH = 40


def walk(node, depth=0):
    try:
        yield node
        if depth < DEPTH:
            for index in range(node.get_child_count()):
                child = node.get_child_at_index(index)
                if child is not None:
                    yield from walk(child, depth + 1)
    except GLib.Error:
        # It was there a moment ago.
        return


def shown():
    desktop = Atspi.get_desktop(0)
    for index in range(desktop.get_child_count()):
        for node in walk(desktop.get_child_at_index(index)):
            try:
                name = node.get_name()
                if not name:
                    text = node.get_text_iface()
                    name = Atspi.Text.get_text(text, 0, -1) if text else ""
                yield node, name
            except GLib.Error:
                continue


def wait(find, tell):
    end = time.monotonic() + PATIENCE
    while True:
        for node, name in shown():
            if find(name):
                try:
                    return tell(node)
                except GLib.Error:
                    # It is gone again.
                    continue
        if time.monotonic() > end:
            names = "\n".join(sorted({name for _, name in shown() if name}))
            sys.exit(f"not in {PATIENCE} s; shown is:\n{names}")
        time.sleep(0.05)


command, words = sys.argv[1], (sys.argv + [""])[2]
if command == "names":
    for node, name in shown():
        if name:
            print(node.get_role_name(), name)
elif command == "focus":
    for node, name in shown():
        if name and node.get_state_set().contains(Atspi.StateType.FOCUSED):
            print(name)
elif command == "until":
    wait(lambda name: words in name, lambda node: node)
else:
    box = wait(lambda name: name == words, lambda node: node.get_extents(Atspi.CoordType.SCREEN))
    print(box.x + box.width // 2, box.y + box.height // 2)
