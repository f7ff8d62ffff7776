// Remarks beside the lines of the XML editors, and what Ace lacks for people who use the keyboard or a dark screen.
"use strict";

// django_ace turns Ace's own check off only after it was started.
window.ace?.config.setDefaultValue("session", "useWorker", false);

window.addEventListener("load", () => {
    // django_ace makes the editors on the same event, in a listener that was added before this one.
    for (const textarea of document.querySelectorAll("textarea[data-remarks]")) {
        const editor = textarea.previousElementSibling?.editor;
        if (editor) {
            dress(editor, textarea);
        }
    }
});

function dress(editor, textarea) {
    const label = document.querySelector(`label[for="${CSS.escape(textarea.id)}"]`);
    editor.setOptions({
        // Tab indents only after Enter; Escape leaves the editor.
        enableKeyboardAccessibility: true,
        textInputAriaLabel: label ? label.textContent.trim() : "XML",
        fontSize: 13,
    });
    dressForTheme(editor);
    const remarks = JSON.parse(textarea.dataset.remarks);
    editor.session.setAnnotations(remarks);
    const first = remarks.find((remark) => remark.type === "error");
    if (first) {
        editor.gotoLine(first.row + 1, 0, false);
    }
    // Old remarks would stand beside lines that have moved or are mended.
    editor.session.once("change", () => editor.session.clearAnnotations());
}

function dressForTheme(editor) {
    const system = window.matchMedia("(prefers-color-scheme: dark)");
    const choose = () => {
        const chosen = document.documentElement.dataset.theme;
        const dark = chosen === "dark" || (chosen !== "light" && system.matches);
        editor.setTheme(dark ? "ace/theme/tomorrow_night" : "ace/theme/textmate");
    };
    choose();
    system.addEventListener("change", choose);
    new MutationObserver(choose).observe(document.documentElement, {attributeFilter: ["data-theme"]});
}
