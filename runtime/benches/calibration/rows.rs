//! What is timed: one row for each kind of operation, and host functions with few and with many bytes.

/// Entries that the contract has stored, and the first bytes of their keys.
pub const ENTRIES: u32 = 10_000;
/// Where the id of the callee, the hash of its code and the names of its methods are in memory.
pub const CALLEE: u32 = 1_024;

/// Key of an entry: ordered, so that scans see it.
pub fn entry(n: u32) -> Vec<u8> {
    [&[1][..], &n.to_be_bytes(), &[b'k'; 27]].concat()
}

pub struct Row {
    pub title: &'static str,
    pub name: String,
    /// What is repeated; leaves the stack as it was. `$a`, `$b` are i64, `$x`, `$y` are i32 locals, `$n` counts down.
    pub body: String,
    /// Before the loop.
    pub before: String,
    /// Other definitions of the module.
    pub functions: String,
    /// How often the loop runs.
    pub times: u32,
    /// How often the body stands in the loop.
    pub copies: usize,
    /// Pages of memory.
    pub pages: u32,
}

struct Rows {
    title: &'static str,
    all: Vec<Row>,
}

impl Rows {
    fn add(&mut self, name: impl Into<String>, body: &str) -> &mut Row {
        let row = Row {
            title: self.title,
            name: name.into(),
            body: body.into(),
            before: String::new(),
            functions: String::new(),
            times: 20_000,
            copies: 16,
            pages: 1,
        };
        self.all.push(row);
        let last = self.all.len() - 1;
        &mut self.all[last]
    }

    /// A host function: fewer repetitions.
    fn host(&mut self, name: impl Into<String>, body: &str) -> &mut Row {
        let row = self.add(name, body);
        (row.times, row.copies) = (2_000, 1);
        row
    }
}

pub fn rows() -> Vec<Row> {
    let mut rows = Rows { title: "Computation", all: Vec::new() };
    computation(&mut rows);
    rows.title = "Memory";
    memory(&mut rows);
    rows.title = "Control";
    control(&mut rows);
    rows.title = "Instances";
    instances(&mut rows);
    rows.title = "Host functions, by bytes";
    host(&mut rows);
    rows.title = "Storage in memory";
    storage(&mut rows);
    rows.all
}

fn computation(rows: &mut Rows) {
    for name in ["add", "mul", "xor", "shl", "rotr"] {
        rows.add(
            format!("i64.{name}, each on the result before"),
            &format!("(local.set $a (i64.{name} (local.get $a) (local.get $b)))"),
        );
    }
    rows.add("i32.add", "(local.set $x (i32.add (local.get $x) (local.get $y)))");
    for name in ["clz", "ctz", "popcnt"] {
        rows.add(
            format!("i64.{name}"),
            &format!("(local.set $a (i64.xor (local.get $b) (i64.{name} (local.get $a))))"),
        );
    }
    rows.add(
        "i64.lt_u and select",
        "(local.set $a (select (local.get $a) (local.get $b) (i64.lt_u (local.get $b) (local.get $a))))",
    );
    rows.add("i32.wrap_i64, i64.extend_i32_s", "(local.set $a (i64.extend_i32_s (i32.wrap_i64 (local.get $a))))");
    rows.add("const, drop", "(drop (i64.const 99))");
    rows.add("local.get, local.set", "(local.set $a (local.get $b)) (local.set $b (local.get $a))");
    let deep = format!("{}{}(local.set $a)", "(local.get $a) ".repeat(40), "(i64.add) ".repeat(39));
    rows.add("40 operands deep", &deep).copies = 2;
    for (name, large) in [("div_u", "0x7fffffffffffffff"), ("rem_s", "0x7ffffffffffffff1")] {
        let body = format!("(local.set $a (i64.or (i64.const {large}) (i64.{name} (local.get $a) (local.get $b))))");
        rows.add(format!("i64.{name}"), &body);
    }
    rows.add("i32.div_u", "(local.set $y (i32.or (i32.const 0x7fffffff) (i32.div_u (local.get $y) (i32.const 77))))");
    rows.add(
        "i32.rem_s",
        "(local.set $y (i32.or (i32.const 0x70000001) (i32.rem_s (local.get $y) (i32.wrap_i64 (local.get $b)))))",
    );
    rows.add("global.get, global.set", "(global.set $g (i64.add (global.get $g) (i64.const 1)))");
}

fn memory(rows: &mut Rows) {
    for load in ["i64.load", "i64.load8_u", "i64.load32_s"] {
        rows.add(
            format!("{load}, the same place"),
            &format!("(local.set $a (i64.xor (local.get $b) ({load} (i32.const 512))))"),
        );
    }
    rows.add("i64.store, the same place", "(i64.store (i32.const 512) (local.get $a))");
    rows.add("i32.store8, the same place", "(i32.store8 (i32.const 512) (local.get $x))");
    rows.add("memory.size", "(local.set $x (i32.xor (local.get $y) (memory.size)))");
    // A linear congruence walks over the whole memory; each address comes of the load before, so that no two loads overlap.
    let walk = |mask: u32| {
        format!(
            "(local.set $y (i32.add (i32.mul (local.get $y) (i32.const 1664525)) (i32.add (i32.const 1013904223) \
             (i32.load (i32.and (local.get $y) (i32.const {mask}))))))"
        )
    };
    for (name, pages) in [("32 KiB", 1), ("256 KiB", 4), ("1 MiB", 16), ("4 MiB", 64)] {
        let mask = if pages == 1 { 0x7ff8 } else { pages * 65_536 - 8 };
        let touch = "(loop $t (i32.store (local.get $x) (i32.const 0)) \
             (br_if $t (i32.lt_u (local.tee $x (i32.add (local.get $x) (i32.const 4096))) (i32.mul (memory.size) (i32.const 65536)))))";
        let row = rows.add(format!("i32.load anywhere in {name}, one after the other"), &walk(mask));
        (row.pages, row.before, row.copies, row.times) = (pages, touch.into(), 4, 50_000);
    }
    for (bytes, times) in [(0, 20_000), (8, 20_000), (64, 20_000), (1_024, 5_000), (16_384, 1_000)] {
        let body = format!("(memory.copy (i32.const 20480) (i32.const 2048) (i32.const {bytes}))");
        let row = rows.add(format!("memory.copy, {bytes} bytes"), &body);
        (row.times, row.copies) = (times, 2);
        let body = format!("(memory.fill (i32.const 20480) (i32.const 7) (i32.const {bytes}))");
        let row = rows.add(format!("memory.fill, {bytes} bytes"), &body);
        (row.times, row.copies) = (times, 2);
    }
    // Of 1 MiB each, so that both are in no near cache; all of the memory was touched before.
    for name in ["memory.copy", "memory.fill"] {
        let row = rows.add(
            format!("{name}, 1 MiB"),
            &format!("({name} (i32.const 2097152) (i32.const 65536) (i32.const 1048576))"),
        );
        let touch = "(memory.fill (i32.const 65536) (i32.const 1) (i32.const 4128768))";
        (row.times, row.copies, row.pages, row.before) = (20, 1, 64, touch.into());
    }
    let grow = "(drop (memory.grow (i32.const 1)))";
    let row = rows.add("memory.grow by a page", grow);
    (row.times, row.copies) = (1, 60);
    let body = "(local.set $x (i32.mul (memory.grow (i32.const 1)) (i32.const 65536))) (loop $t (i32.store (local.get $x) (i32.const 1)) \
         (br_if $t (i32.and (local.tee $x (i32.add (local.get $x) (i32.const 4096))) (i32.const 0xffff))))";
    let row = rows.add("memory.grow by a page, all of it touched", body);
    (row.times, row.copies) = (1, 60);
}

fn control(rows: &mut Rows) {
    rows.add("br_if, never taken", "(block $o (br_if $o (i64.eqz (local.get $a))))");
    rows.add("br_if, always taken", "(block $o (br_if $o (i32.eqz (local.get $x))) (local.set $b (i64.const 5)))");
    rows.add(
        "if and else",
        "(if (local.get $x) (then (local.set $a (i64.const 1))) (else (local.set $b (i64.const 77))))",
    );
    let random = "(local.set $y (i32.xor (local.get $y) (i32.shl (local.get $y) (i32.const 13)))) \
         (local.set $y (i32.xor (local.get $y) (i32.shr_u (local.get $y) (i32.const 17)))) \
         (local.set $y (i32.xor (local.get $y) (i32.shl (local.get $y) (i32.const 5)))) ";
    rows.add("a random number, for comparison", random);
    let body =
        format!("{random} (block $o (br_if $o (i32.and (local.get $y) (i32.const 8))) (global.set $g (i64.const 5)))");
    rows.add("  and br_if on it, which nobody can predict", &body);
    let table = |index: &str| {
        format!(
            "(block $d (block $c (block $b1 (block $a1 (br_table $a1 $b1 $c $d {index})) (global.set $g (i64.const 1)) (br $d)) \
             (global.set $g (i64.const 2)) (br $d)) (global.set $g (i64.const 3)))"
        )
    };
    rows.add("br_table, always the same", &table("(i32.const 1)"));
    rows.add(
        "  and br_table on a random number",
        &format!("{random} {}", table("(i32.and (local.get $y) (i32.const 3))")),
    );
    let functions = "(type $none (func)) (table 4 funcref) (elem (i32.const 0) $f $f1 $f2 $f3) (func $f) (func $f1) (func $f2) (func $f3)
         (func $many (param i64 i64 i64 i64 i64 i64 i64 i64) (result i64) (i64.add (local.get 0) (local.get 7)))";
    rows.add("call of an empty function", "(call $f)").functions = functions.into();
    let many = "(local.set $a (call $many (local.get $a) (local.get $b) (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5) (local.get $b)))";
    rows.add("call with 8 arguments", many).functions = functions.into();
    rows.add("call_indirect, always the same", "(call_indirect (type $none) (i32.const 1))").functions =
        functions.into();
    let body = format!("{random} (call_indirect (type $none) (i32.and (local.get $y) (i32.const 3)))");
    rows.add("  and call_indirect on a random number", &body).functions = functions.into();
    let locals = format!(
        "(func $wide (result i64) (local {}) (local.set 399 (i64.const 3)) (i64.add (local.get 0) (local.get 399)))",
        "i64 ".repeat(400)
    );
    let row = rows.add("call of a function with 400 locals", "(local.set $a (call $wide))");
    (row.functions, row.copies, row.times) = (locals, 4, 5_000);
}

fn instances(rows: &mut Rows) {
    // The loop is the same with and without; what differs is the instance that a nested call needs.
    let at = CALLEE;
    let (method, view) = (at + 64, at + 66);
    let call = format!(
        "(drop (call $call (i32.const {at}) (i32.const 32) (i32.const {method}) (i32.const 2) (i32.const 0) (i32.const 0) (i64.const -1) \
         (i32.const 2048) (i32.const 64)))"
    );
    rows.host("call of another contract that only answers", &call).times = 500;
    let look = format!(
        "(drop (call $view (i32.const {at}) (i32.const 32) (i32.const {view}) (i32.const 4) (i32.const 0) (i32.const 0) (i64.const -1) \
         (i32.const 2048) (i32.const 64)))"
    );
    rows.host("view of another contract that only answers", &look).times = 500;
    let code = at + 32;
    let create = format!(
        "(i32.store (i32.const 4096) (local.get $n)) (drop (call $create (i32.const {code}) (i32.const 32) (i32.const 4096) (i32.const 32) \
         (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 2048) (i32.const 64)))"
    );
    rows.host("create of a contract whose init only answers", &create).times = 200;
}

fn host(rows: &mut Rows) {
    for name in ["caller", "own_id"] {
        rows.host(format!("{name}, 32 bytes"), &format!("(drop (call ${name} (i32.const 2048) (i32.const 32)))"));
    }
    rows.host("block_height", "(drop (call $block_height))");
    rows.host("input, nothing", "(drop (call $input (i32.const 2048) (i32.const 0)))");
    for bytes in [0, 32, 1_024, 32_768] {
        for name in ["hash_blake3", "hash_sha256"] {
            let body =
                format!("(drop (call ${name} (i32.const 4096) (i32.const {bytes}) (i32.const 2048) (i32.const 32)))");
            rows.host(format!("{name}, {bytes} bytes"), &body);
        }
    }
    for bytes in [32, 1_024] {
        let body = format!("(drop (call $random (i32.const {bytes}) (i32.const 4096) (i32.const {bytes})))");
        rows.host(format!("random, {bytes} bytes"), &body);
    }
    for bytes in [16, 1_024] {
        rows.host(format!("log, {bytes} bytes"), &format!("(call $log (i32.const 4096) (i32.const {bytes}))"));
    }
    for bytes in [32, 32_768] {
        let body = format!(
            "(drop (call $verify_ed25519 (i32.const 8192) (i32.const 32) (i32.const 8224) (i32.const 64) (i32.const 4096) (i32.const {bytes})))"
        );
        let row = rows.host(format!("verify_ed25519, {bytes} bytes"), &body);
        row.times = 50;
        row.before = signature();
    }
    for bytes in [16, 4_096] {
        let body =
            format!("(call $event (i32.const {}) (i32.const 2) (i32.const 4096) (i32.const {bytes}))", CALLEE + 64);
        rows.host(format!("event, {bytes} bytes"), &body).times = 1_000;
    }
}

/// Stores a key and a signature that are points of the curve, so that the whole check runs and fails at its end.
fn signature() -> String {
    // RFC 8032, section 7.1, test 1: of the empty message, so no signature of these bytes.
    let hex = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a\
               e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap_or_default();
    let store = |n: usize| format!("(i32.store8 (i32.const {}) (i32.const {}))", 8_192 + n, byte(2 * n));
    (0..96).map(store).collect()
}

fn storage(rows: &mut Rows) {
    // The key of an entry is at 4096; its number goes in big endian, so the walk over the entries is a random one.
    let key: String = entry(0)
        .iter()
        .enumerate()
        .map(|(n, byte)| format!("(i32.store8 (i32.const {}) (i32.const {byte}))", 4_096 + n))
        .collect();
    let next = format!(
        "(local.set $y (i32.rem_u (i32.add (local.get $y) (i32.const 7919)) (i32.const {ENTRIES}))) \
         (i32.store8 (i32.const 4099) (i32.shr_u (local.get $y) (i32.const 8))) (i32.store8 (i32.const 4100) (local.get $y)) "
    );
    let mut add = |name: &str, body: &str, times: u32| {
        let row = rows.host(name, &format!("{next} {body}"));
        (row.before, row.times) = (key.clone(), times);
    };
    let len = entry(0).len();
    add(
        "storage_get, 32 bytes",
        &format!("(drop (call $storage_get (i32.const 4096) (i32.const {len}) (i32.const 8192) (i32.const 64)))"),
        2_000,
    );
    add(
        "storage_get, nothing there",
        "(drop (call $storage_get (i32.const 4096) (i32.const 20) (i32.const 8192) (i32.const 64)))",
        2_000,
    );
    add(
        "storage_set, 32 bytes",
        &format!("(call $storage_set (i32.const 4096) (i32.const {len}) (i32.const 8192) (i32.const 32))"),
        2_000,
    );
    add(
        "storage_set, 16 KiB",
        &format!("(call $storage_set (i32.const 4096) (i32.const {len}) (i32.const 8192) (i32.const 16384))"),
        200,
    );
    add("storage_remove", &format!("(drop (call $storage_remove (i32.const 4096) (i32.const {len})))"), 2_000);
    for limit in [1, 100] {
        let scan = format!(
            "(drop (call $storage_scan (i32.const 4096) (i32.const 1) (i32.const 4096) (i32.const {len}) (i32.const {limit}) (i32.const 8192) (i32.const 32768)))"
        );
        add(&format!("storage_scan, {limit} entries"), &scan, 500);
    }
}
