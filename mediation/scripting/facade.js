// What a script sees: its message as `mc`, and XML as values (E4X, ECMA-357).
//
// Evaluated once in each script engine. Leaves behind `__run(snapshot, inline, functionName, args)`, which answers with
// JSON: the changes to the message, the result, the log.
(function () {
  "use strict";

  // -- nodes: {kind: "element" | "text" | "attribute", ...}; an element knows its parent

  const BEGIN = "\ue000", END = "\ue001"; // around XML that became a string on its way through "+"
  const MARKED = /\ue000([\s\S]*?)\ue001/g;

  const text = (value) => ({ kind: "text", value, parent: null });
  const element = (name, namespace, prefix) => ({
    kind: "element", name, namespace: namespace || "", prefix: prefix || "", declarations: {}, attributes: [],
    children: [], parent: null,
  });
  const attribute = (name, namespace, prefix, value) => ({
    kind: "attribute", name, namespace: namespace || "", prefix: prefix || "", value, parent: null,
  });

  // -- reading XML 1.0 with namespaces; comments and processing instructions are left out, a DOCTYPE is refused

  const NAME = "[A-Za-z_:\\u0080-\\uffff][\\w:.\\-\\u0080-\\uffff]*";
  const TOKEN = new RegExp(
    "<!--[\\s\\S]*?-->|<\\?[\\s\\S]*?\\?>|<!\\[CDATA\\[([\\s\\S]*?)\\]\\]>|<\\/(" + NAME + ")\\s*>"
    + "|<(" + NAME + ")((?:\\s+" + NAME + "\\s*=\\s*(?:\"[^\"<]*\"|'[^'<]*'))*)\\s*(\\/?)>|([^<]+)|<", "y");
  const ATTRIBUTE = new RegExp("(" + NAME + ")\\s*=\\s*(?:\"([^\"]*)\"|'([^']*)')", "g");
  const ENTITIES = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

  const notXml = (reason) => new TypeError(`not XML: ${reason}`);

  const unescaped = (value) => value.replace(/&(?:#x([\da-fA-F]+)|#(\d+)|(\w+));|&/g, (whole, hex, decimal, name) => {
    if (hex || decimal) return String.fromCodePoint(parseInt(hex || decimal, hex ? 16 : 10));
    if (name in ENTITIES) return ENTITIES[name];
    throw notXml(`the entity ${whole} is not known`);
  });

  function split(name, namespaces, isAttribute) {
    const colon = name.indexOf(":");
    if (colon < 0) return ["", isAttribute ? "" : namespaces[""] || "", name];
    const prefix = name.slice(0, colon);
    if (!(prefix in namespaces)) throw notXml(`the prefix "${prefix}" is not declared`);
    return [prefix, namespaces[prefix], name.slice(colon + 1)];
  }

  function started(name, attributes, outer) {
    const declarations = {}, plain = [];
    for (const [, key, double, single] of attributes.matchAll(ATTRIBUTE)) {
      const value = unescaped(double ?? single);
      if (key === "xmlns") declarations[""] = value;
      else if (key.startsWith("xmlns:")) declarations[key.slice(6)] = value;
      else plain.push([key, value]);
    }
    const namespaces = { ...outer, ...declarations };
    const [prefix, uri, local] = split(name, namespaces, false);
    const node = element(local, uri, prefix);
    node.declarations = declarations;
    for (const [key, value] of plain) {
      const [itsPrefix, itsUri, itsName] = split(key, namespaces, true);
      const each = attribute(itsName, itsUri, itsPrefix, value);
      each.parent = node;
      node.attributes.push(each);
    }
    return [node, namespaces];
  }

  function read(source) {
    const root = element("", ""), open = [[root, { xml: "http://www.w3.org/XML/1998/namespace" }, ""]];
    const add = (value) => {
      const [parent] = open[open.length - 1], last = parent.children[parent.children.length - 1];
      if (last && last.kind === "text") last.value += value;
      else adopt(parent, text(value));
    };
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < source.length) {
      const [whole, cdata, end, start, attributes, empty, characters] = TOKEN.exec(source) || [];
      if (whole === "<" || whole === undefined) throw notXml(source.includes("<!DOCTYPE") ? "a DOCTYPE is not allowed" : "a tag is not well-formed");
      if (characters !== undefined) add(unescaped(characters));
      else if (cdata !== undefined) add(cdata);
      else if (start !== undefined) {
        const [parent, namespaces] = open[open.length - 1];
        const [node, inner] = started(start, attributes, namespaces);
        adopt(parent, node);
        if (!empty) open.push([node, inner, start]);
      } else if (end !== undefined) {
        if (open.length < 2 || open.pop()[2] !== end) throw notXml(`</${end}> does not end what is open`);
      }
    }
    if (open.length > 1) throw notXml(`<${open[open.length - 1][2]}> does not end`);
    trim(root);
    const found = root.children.filter((child) => child.kind === "element");
    if (found.length !== 1 || root.children.length !== 1) throw notXml("there is not one root element");
    found[0].parent = null;
    return found[0];
  }

  // XML.ignoreWhitespace: space between elements is none of the content.
  function trim(node) {
    if (node.children.some((child) => child.kind === "element")) {
      node.children = node.children.filter((child) => child.kind === "element" || child.value.trim());
    }
    for (const child of node.children) if (child.kind === "element") trim(child);
  }

  function adopt(parent, node, at) {
    node.parent = parent;
    if (at === undefined) parent.children.push(node);
    else parent.children.splice(at, 0, node);
  }

  function copied(node) {
    if (node.kind !== "element") return { ...node, parent: null };
    const copy = { ...node, parent: null, declarations: { ...node.declarations }, attributes: [], children: [] };
    // What was declared further out goes along.
    for (let outer = node.parent; outer; outer = outer.parent) {
      for (const prefix in outer.declarations) {
        if (!(prefix in copy.declarations)) copy.declarations[prefix] = outer.declarations[prefix];
      }
    }
    for (const each of node.attributes) copy.attributes.push({ ...each, parent: copy });
    for (const child of node.children) adopt(copy, copiedPlain(child));
    return copy;
  }

  function copiedPlain(node) {
    if (node.kind !== "element") return { ...node, parent: null };
    const copy = { ...node, parent: null, declarations: { ...node.declarations }, attributes: [], children: [] };
    for (const each of node.attributes) copy.attributes.push({ ...each, parent: copy });
    for (const child of node.children) adopt(copy, copiedPlain(child));
    return copy;
  }

  // -- text

  const escaped = (value) => value.replace(/[&<>]/g, (char) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" }[char]));
  const quoted = (value) => escaped(value).replace(/"/g, "&quot;").replace(/\n/g, "&#10;");

  function written(node, scope = {}) {
    if (node.kind === "text") return escaped(node.value);
    if (node.kind === "attribute") return node.value;
    const here = { ...scope };
    let head = "";
    const declare = (prefix, uri) => {
      if ((here[prefix] || "") === uri) return;
      here[prefix] = uri;
      head += prefix ? ` xmlns:${prefix}="${quoted(uri)}"` : ` xmlns="${quoted(uri)}"`;
    };
    for (const prefix in node.declarations) if (prefix || node.prefix || node.namespace) declare(prefix, node.declarations[prefix]);
    declare(node.prefix, node.namespace);
    for (const each of node.attributes) {
      if (each.namespace && each.prefix !== "xml") {
        each.prefix = each.prefix || "ns" + Object.keys(here).length;
        declare(each.prefix, each.namespace);
      }
      head += ` ${each.prefix ? each.prefix + ":" : ""}${each.name}="${quoted(each.value)}"`;
    }
    const tag = (node.prefix ? node.prefix + ":" : "") + node.name;
    if (!node.children.length) return `<${tag}${head}/>`;
    return `<${tag}${head}>${node.children.map((child) => written(child, here)).join("")}</${tag}>`;
  }

  const isSimple = (node) => node.kind !== "element" || node.children.every((child) => child.kind === "text");
  const simpleText = (node) => (node.kind === "element" ? node.children.map((child) => child.value).join("") : node.value);
  const allText = (node) => (node.kind === "element" ? node.children.map(allText).join("") : node.value);
  const xmlText = (nodes) => nodes.map((node) => written(node)).join("\n");
  function stringOf(nodes) {
    if (nodes.length === 1) return isSimple(nodes[0]) ? simpleText(nodes[0]) : written(nodes[0]);
    return nodes.every(isSimple) ? nodes.map(simpleText).join("") : xmlText(nodes);
  }
  const clean = (value) => (typeof value === "string" ? value.replace(MARKED, "$1") : value);

  function parsed(source) {
    const unmarked = String(source).replace(MARKED, "$1");
    if (!unmarked.trim()) return [];
    if (!/^\s*</.test(unmarked)) return [text(unmarked)];
    const root = read(unmarked.trim());
    return root.name === "__list" ? root.children.map((child) => copied(child)) : [root];
  }

  // -- E4X values: callable proxies, because x.name is a list of elements and x.name() a method

  let defaultNamespace = "";
  const targets = new WeakMap();

  function xml(nodes, base = null, key = null) {
    const target = () => undefined;
    const proxy = new Proxy(target, handler);
    targets.set(proxy, { nodes, base, key });
    targets.set(target, targets.get(proxy));
    return proxy;
  }

  const stateOf = (value) =>
    (typeof value === "function" || (typeof value === "object" && value !== null)) ? targets.get(value) : undefined;
  const isXml = (value) => stateOf(value) !== undefined;

  const KEY = /^(\.\.)?(@)?(?:\{([^}]*)\})?(.*)$/;

  function selected(nodes, key) {
    const [, deep, at, uri, name] = KEY.exec(key);
    const namespace = uri === undefined ? (name === "*" ? "*" : at ? "" : defaultNamespace) : uri;
    const fits = (node) =>
      (name === "*" || node.name === name) && (namespace === "*" || node.namespace === namespace);
    const found = [];
    const visit = (node) => {
      if (node.kind !== "element") return;
      if (at) for (const each of node.attributes) if (fits(each)) found.push(each);
      for (const child of node.children) {
        if (!at && (child.kind === "element" ? fits(child) : name === "*" && uri === undefined)) found.push(child);
        if (deep) visit(child);
      }
    };
    nodes.forEach(visit);
    return found;
  }

  // The one element that something is put into; made if it is only named so far.
  function place(state) {
    if (!state.nodes.length && state.base) {
      const parent = place(state.base);
      const [, , , uri, name] = KEY.exec(state.key);
      const node = element(name, uri === undefined ? parent.namespace : uri, uri === undefined ? parent.prefix : "");
      adopt(parent, node);
      state.nodes = [node];
    }
    if (state.nodes.length !== 1 || state.nodes[0].kind !== "element") throw new TypeError("Assignment to lists with more than one item is not supported");
    return state.nodes[0];
  }

  function asNodes(value) {
    if (isXml(value)) return stateOf(value).nodes.map((node) => (node.kind === "attribute" ? text(node.value) : copied(node)));
    if (typeof value === "string" && value.includes(BEGIN)) return parsed(`<__list>${value.replace(MARKED, "$1")}</__list>`);
    return [text(String(value))];
  }

  function assign(state, key, value) {
    if (/^\d+$/.test(key)) {
      const node = state.nodes[Number(key)];
      if (node === undefined && state.base) {
        for (const each of asNodes(value)) adopt(place(state.base), each);
        return;
      }
      return fill(node, value);
    }
    const parent = place(state);
    const [, , at, uri, name] = KEY.exec(key);
    const existing = selected([parent], key);
    if (at) {
      const content = isXml(value) ? stringOf(stateOf(value).nodes) : clean(String(value));
      if (existing.length) existing[0].value = content;
      else {
        const each = attribute(name, uri === "*" ? "" : uri || "", "", content);
        each.parent = parent;
        parent.attributes.push(each);
      }
      return;
    }
    const nodes = asNodes(value);
    const areElements = nodes.length > 0 && nodes.every((node) => node.kind === "element");
    if (!areElements) {
      if (existing.length) {
        existing.slice(1).forEach(detach);
        fill(existing[0], value);
      } else {
        const own = uri === undefined || uri === "*";
        const child = element(name, own ? parent.namespace : uri, own ? parent.prefix : "");
        adopt(parent, child);
        nodes.forEach((node) => adopt(child, node));
      }
      return;
    }
    const at0 = existing.length ? parent.children.indexOf(existing[0]) : parent.children.length;
    existing.forEach(detach);
    nodes.forEach((node, index) => adopt(parent, node, at0 + index));
  }

  function fill(node, value) {
    if (node === undefined) throw new TypeError("there is no such element");
    if (node.kind !== "element") {
      node.value = clean(String(value));
      return;
    }
    const nodes = asNodes(value);
    if (isXml(value) && nodes.length === 1 && nodes[0].kind === "element") {
      node.parent.children.splice(node.parent.children.indexOf(node), 1, nodes[0]);
      nodes[0].parent = node.parent;
      return;
    }
    node.children = [];
    nodes.forEach((each) => adopt(node, each));
  }

  function detach(node) {
    const parent = node.parent;
    if (!parent) return;
    const list = node.kind === "attribute" ? parent.attributes : parent.children;
    list.splice(list.indexOf(node), 1);
    node.parent = null;
  }

  function primitive(state, hint) {
    const { nodes } = state;
    if (hint === "default" && nodes.length && !(nodes.length === 1 && isSimple(nodes[0]))) {
      return BEGIN + nodes.map((node) => written(node)).join("") + END;
    }
    return stringOf(nodes);
  }

  const nameKey = (name) => {
    if (name === undefined) return "*";
    if (name instanceof QName) return (name.uri === null ? "{*}" : `{${name.uri}}`) + name.localName;
    return String(name);
  };

  const methods = {
    toString: (s) => stringOf(s.nodes),
    toXMLString: (s) => xmlText(s.nodes),
    toJSON: (s) => stringOf(s.nodes),
    valueOf: (s) => xml(s.nodes),
    length: (s) => s.nodes.length,
    name: (s) => (s.nodes.length ? new QName(s.nodes[0].namespace, s.nodes[0].name) : null),
    localName: (s) => (s.nodes.length ? s.nodes[0].name : null),
    nodeKind: (s) => (s.nodes.length ? s.nodes[0].kind : null),
    namespace: (s) => (s.nodes.length ? new Namespace(s.nodes[0].prefix, s.nodes[0].namespace) : null),
    children: (s) => xml(selected(s.nodes, "*"), s, "*"),
    child: (s, name) => (typeof name === "number" ? xml(s.nodes.flatMap((node) => node.children.slice(name, name + 1))) : xml(selected(s.nodes, nameKey(name)), s, nameKey(name))),
    elements: (s, name) => xml(selected(s.nodes, nameKey(name)).filter((node) => node.kind === "element"), s, nameKey(name)),
    descendants: (s, name) => xml(selected(s.nodes, ".." + nameKey(name))),
    attributes: (s) => xml(selected(s.nodes, "@{*}*")),
    attribute: (s, name) => xml(selected(s.nodes, "@" + nameKey(name))),
    text: (s) => xml(s.nodes.flatMap((node) => (node.kind === "element" ? node.children.filter((child) => child.kind === "text") : []))),
    comments: () => xml([]),
    parent: (s) => (s.nodes.length && s.nodes[0].parent ? xml([s.nodes[0].parent]) : undefined),
    childIndex: (s) => (s.nodes[0].parent ? s.nodes[0].parent.children.indexOf(s.nodes[0]) : -1),
    copy: (s) => xml(s.nodes.map(copied)),
    contains: (s, value) => s.nodes.some((node) => stringOf([node]) === String(value)),
    hasSimpleContent: (s) => s.nodes.length !== 1 ? s.nodes.every((node) => node.kind !== "element") : isSimple(s.nodes[0]),
    hasComplexContent: (s) => s.nodes.some((node) => node.kind === "element" && !isSimple(node)),
    hasOwnProperty: (s, name) => selected(s.nodes, String(name)).length > 0,
    normalize: (s) => xml(s.nodes),
    appendChild: (s, value) => { const parent = place(s); asNodes(value).forEach((node) => adopt(parent, node)); return xml(s.nodes); },
    prependChild: (s, value) => { const parent = place(s); asNodes(value).reverse().forEach((node) => adopt(parent, node, 0)); return xml(s.nodes); },
    insertChildAfter: (s, child, value) => insert(s, child, value, 1),
    insertChildBefore: (s, child, value) => insert(s, child, value, 0),
    setChildren: (s, value) => { const parent = place(s); parent.children = []; asNodes(value).forEach((node) => adopt(parent, node)); return xml(s.nodes); },
    replace: (s, name, value) => { assign(s, String(name), value); return xml(s.nodes); },
    setName: (s, name) => { const node = s.nodes[0]; if (name instanceof QName) { node.namespace = name.uri || ""; node.name = name.localName; } else node.name = String(name); },
    setLocalName: (s, name) => { s.nodes[0].name = String(name); },
    setNamespace: (s, value) => { const namespace = new Namespace(value); s.nodes[0].namespace = namespace.uri; s.nodes[0].prefix = namespace.prefix || ""; },
    addNamespace: (s, value) => { const namespace = new Namespace(value); s.nodes[0].declarations[namespace.prefix || ""] = namespace.uri; return xml(s.nodes); },
    // Of the object models that the originals' other engines hand over.
    getText: (s) => s.nodes.map(simpleText).join(""),
    getTextContent: (s) => s.nodes.map(allText).join(""),
    getLocalName: (s) => s.nodes[0].name,
    getNodeName: (s) => (s.nodes[0].prefix ? s.nodes[0].prefix + ":" : "") + s.nodes[0].name,
    getAttribute: (s, name) => stringOf(selected(s.nodes, "@" + name)),
    getFirstElement: (s) => first(s),
    getFirstChild: (s) => first(s),
    getElementsByTagName: (s, name) => xml(selected(s.nodes, "..{*}" + String(name).replace(/^.*:/, ""))),
    getElementsByTagNameNS: (s, uri, name) => xml(selected(s.nodes, `..{${uri}}${name}`)),
    getLength: (s) => s.nodes.length,
    item: (s, index) => xml(s.nodes.slice(index, index + 1)),
    get: (s, index) => xml(s.nodes.slice(index, index + 1)),
    setText: (s, value) => { fill(s.nodes[0], String(value)); },
    setTextContent: (s, value) => { fill(s.nodes[0], String(value)); },
    __filter: (s, condition) => xml(s.nodes.filter((node) => condition(xml([node])))),
  };

  function first(state) {
    const found = state.nodes.flatMap((node) => (node.children || []).filter((child) => child.kind === "element")).slice(0, 1);
    return found.length ? xml(found) : null;
  }

  function insert(state, child, value, offset) {
    const parent = place(state);
    const at = parent.children.indexOf(stateOf(child).nodes[0]);
    asNodes(value).forEach((node, index) => adopt(parent, node, at + offset + index));
    return xml(state.nodes);
  }

  const handler = {
    get(target, key) {
      const state = targets.get(target);
      if (key === Symbol.toPrimitive) return (hint) => primitive(state, hint);
      if (key === Symbol.iterator) return () => state.nodes.map((node) => xml([node]))[Symbol.iterator]();
      if (typeof key === "symbol") return undefined;
      if (/^\d+$/.test(key)) return xml(state.nodes.slice(Number(key), Number(key) + 1), state, key);
      return xml(selected(state.nodes, key), state, key);
    },
    set(target, key, value) {
      assign(targets.get(target), String(key), value);
      return true;
    },
    has(target, key) {
      if (typeof key === "symbol") return false;
      const state = targets.get(target);
      return key in methods || /^\d+$/.test(key) ? true : selected(state.nodes, key).length > 0;
    },
    deleteProperty(target, key) {
      const state = targets.get(target);
      (/^\d+$/.test(key) ? state.nodes.slice(Number(key), Number(key) + 1) : selected(state.nodes, String(key))).forEach(detach);
      return true;
    },
    ownKeys: (target) => targets.get(target).nodes.map((_, index) => String(index)).concat(Reflect.ownKeys(target)),
    getOwnPropertyDescriptor(target, key) {
      return Reflect.getOwnPropertyDescriptor(target, key)
        || { value: handler.get(target, key), enumerable: true, configurable: true, writable: true };
    },
    apply(target, self, args) {
      const { base, key } = targets.get(target);
      if (base === null) throw new TypeError("XML is not a function");
      if (Object.hasOwn(methods, key)) return methods[key](base, ...args);
      if (typeof String.prototype[key] === "function") return String.prototype[key].apply(stringOf(base.nodes), args);
      throw new TypeError(`XML has no method ${key}`);
    },
  };

  class QName {
    constructor(uri, name) {
      if (name === undefined) [uri, name] = [null, uri];
      this.uri = uri instanceof Namespace ? uri.uri : uri;
      this.localName = String(name);
    }
    toString() { return this.uri ? `${this.uri}::${this.localName}` : this.localName; }
  }

  class Namespace {
    constructor(prefix, uri) {
      if (prefix instanceof Namespace) ({ prefix, uri } = prefix);
      else if (uri === undefined) [prefix, uri] = ["", prefix];
      this.prefix = prefix || "";
      this.uri = String(uri ?? "");
    }
    toString() { return this.uri; }
  }

  const asXml = (value) => (isXml(value) ? xml(stateOf(value).nodes) : xml(parsed(value ?? "")));
  function XML(value) { return asXml(value); }
  function XMLList(value) { return isXml(value) ? asXml(value) : xml(parsed(`<__list>${value ?? ""}</__list>`)); }
  const scriptGlobals = {
    XML, XMLList, QName, Namespace,
    __literal: (source) => xml(parsed(source)),
    __content: (value) => (isXml(value) ? stateOf(value).nodes.map((node) => written(node.kind === "element" ? copied(node) : node)).join("") : String(value).includes(BEGIN) ? clean(String(value)) : escaped(String(value))),
    __attribute: (value) => `"${quoted(clean(String(value)))}"`,
    __uri: (value) => `{${value instanceof Namespace ? value.uri : value}}`,
    __values: (value) => (isXml(value) || typeof value?.[Symbol.iterator] === "function" ? value : Object.values(value ?? {})),
    __plus: (left, right) => {
      if (!isXml(left)) return isXml(right) && left === undefined ? right : left + right;
      const state = stateOf(left), more = asNodes(right);
      if (state.base === null) return xml([...state.nodes, ...more]);
      return xml([...state.nodes.map(copied), ...more]);
    },
  };
  for (const name in scriptGlobals) Object.defineProperty(globalThis, name, { value: scriptGlobals[name], writable: false });
  Object.defineProperty(globalThis, "__defaultNamespace", {
    get: () => defaultNamespace,
    set: (value) => { defaultNamespace = value instanceof Namespace ? value.uri : String(value); },
  });

  // -- the message

  function message(snapshot, changes, log) {
    const properties = snapshot.properties;
    const scopeOf = (name) => (properties[name || "default"] ??= {});
    const find = (scope, key) => {
      if (scope !== "transport") return key;
      const wanted = String(key).toLowerCase();
      return Object.keys(properties.transport || {}).find((name) => name.toLowerCase() === wanted) ?? key;
    };
    const portable = (value) => {
      if (isXml(value)) return { xml: xmlText(stateOf(value).nodes) };
      if (typeof value === "object" && value !== null) return { json: JSON.stringify(value) };
      return { value: clean(value === undefined ? null : value) };
    };
    const address = (value) => (value === null ? null : { getAddress: () => value, toString: () => `Address: ${value}` });
    const asText = (value) => (value === null || value === undefined ? "" : typeof value === "object" && !isXml(value) ? JSON.stringify(value) : clean(isXml(value) ? stringOf(stateOf(value).nodes) : String(value)));
    const line = (level) => (value) => { log.push([level, asText(value)]); };
    const given = (name) => {
      if (snapshot.errors?.[name]) throw new Error(snapshot.errors[name]);
      return snapshot[name];
    };
    let payloadXml, envelopeXml, payloadJson, jsonText;
    const mc = {
      getPayloadXML() {
        if (payloadXml === undefined) { const source = given("xml"); payloadXml = source === null ? null : xml(parsed(source)); }
        return payloadXml;
      },
      setPayloadXML(value) {
        const nodes = isXml(value) ? stateOf(value).nodes : parsed(value);
        payloadXml = xml(nodes.map(copied));
        payloadJson = jsonText = undefined;
        changes.push(["xml", xmlText(nodes)]);
      },
      getPayloadJSON() {
        if (payloadJson === undefined) { const source = mc.getPayloadText(); payloadJson = source ? JSON.parse(source) : null; }
        return payloadJson;
      },
      setPayloadJSON(value) {
        jsonText = isXml(value) ? stringOf(stateOf(value).nodes) : typeof value === "string" ? clean(value) : JSON.stringify(value);
        payloadJson = undefined;
        changes.push(["json", jsonText]);
      },
      getPayloadText: () => (jsonText === undefined ? given("json") : jsonText),
      getJsonText: () => mc.getPayloadText(),
      setPayloadText(value) { changes.push(["text", asText(value)]); },
      getEnvelopeXML() { return (envelopeXml ??= xml(parsed(given("envelope")))); },
      getProperty(key, scope) { return scopeOf(scope)[find(scope, key)] ?? null; },
      setProperty(key, value, scope) {
        const sent = portable(value);
        scopeOf(scope)[find(scope, key)] = sent.value !== undefined ? sent.value : value;
        changes.push(["set", String(key), sent, scope || "default"]);
      },
      removeProperty(key, scope) { delete scopeOf(scope)[find(scope, key)]; changes.push(["remove", String(key), scope || "default"]); },
      getPropertyKeySet: () => Object.keys(scopeOf("default")),
      getVariable(name) { return snapshot.variables[name] ?? null; },
      setVariable(name, value) { snapshot.variables[name] = value; changes.push(["variable", String(name), portable(value)]); },
      removeVariable(name) { delete snapshot.variables[name]; changes.push(["no variable", String(name)]); },
      addHeader(mustUnderstand, value) { changes.push(["header", Boolean(mustUnderstand), isXml(value) ? xmlText(stateOf(value).nodes) : clean(String(value))]); },
      getMessageID: () => snapshot.addresses.message_id,
      getMessageId: () => snapshot.addresses.message_id,
      isResponse: () => snapshot.response,
      setResponse(value) { snapshot.response = Boolean(value); changes.push(["response", Boolean(value)]); },
      isSOAP11: () => snapshot.soap === "soap11",
      isSOAP12: () => snapshot.soap === "soap12",
      isDoingPOX: () => snapshot.soap === "pox",
      isDoingREST: () => snapshot.soap === "pox",
      getServiceLog: () => ({ info: line("INFO"), debug: line("DEBUG"), warn: line("WARNING"), error: line("ERROR"), fatal: line("ERROR"), trace: line("DEBUG") }),
      parseXml: (source) => xml(parsed(source)),
      getParsedOMElement: (source) => xml(parsed(source)),
    };
    const addresses = { To: "to", From: "from_", ReplyTo: "reply_to", FaultTo: "fault_to" };
    for (const [name, key] of Object.entries(addresses)) {
      mc["get" + name] = () => address(snapshot.addresses[key]);
      mc["set" + name] = (value) => { snapshot.addresses[key] = asText(value); changes.push(["address", key, asText(value)]); };
    }
    for (const name of ["SoapAction", "WSAAction"]) {
      mc["get" + name] = () => snapshot.addresses.action;
      mc["set" + name] = (value) => { snapshot.addresses.action = asText(value); changes.push(["address", "action", asText(value)]); };
    }
    for (const name of ["print", "println"]) globalThis[name] = line("INFO");
    return mc;
  }

  const before = new Set();

  function answer(result) {
    if (isXml(result)) return { xml: xmlText(stateOf(result).nodes) };
    if (result === undefined) return null;
    if (typeof result === "object" && result !== null) return { json: JSON.stringify(result) };
    return { value: typeof result === "function" ? null : clean(result) };
  }

  Object.defineProperty(globalThis, "__run", {
    value(snapshot, inline, functionName, args) {
      const changes = [], log = [];
      defaultNamespace = "";
      try {
        const mc = (globalThis.mc = message(JSON.parse(snapshot), changes, log));
        let result;
        if (inline !== null) result = (0, eval)(inline);
        else if (typeof globalThis[functionName] !== "function") throw new TypeError(`the script has no function ${functionName}`);
        else result = globalThis[functionName](mc, ...JSON.parse(args));
        return JSON.stringify({ changes, log, result: answer(result) });
      } catch (error) {
        const place = /<(?:eval|input)>:(\d+)/.exec(error?.stack ?? "");
        return JSON.stringify({ log, error: String(error), line: place ? Number(place[1]) : null });
      } finally {
        // What one message leaves behind is not for the next.
        for (const name of Object.getOwnPropertyNames(globalThis)) if (!before.has(name)) delete globalThis[name];
      }
    },
  });
  // Called when the script's own functions are there.
  Object.defineProperty(globalThis, "__loaded", { value() { for (const name of Object.getOwnPropertyNames(globalThis)) before.add(name); } });
})();
