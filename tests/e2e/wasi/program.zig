//! A program as Zig's standard library makes it: files, streams, time, the heap and its own preopens.
const std = @import("std");
const Io = std.Io;

pub fn main(init: std.process.Init) !void {
    const arguments = try init.minimal.args.toSlice(init.arena.allocator());
    var buffer: [4096]u8 = undefined;
    var writer: Io.File.Writer = .init(.stdout(), init.io, &buffer);
    const out = &writer.interface;
    const what = if (arguments.len > 1) arguments[1] else "";
    if (std.mem.eql(u8, what, "lines")) {
        try lines(init, out);
    } else if (std.mem.eql(u8, what, "files")) {
        try files(init, out);
    } else if (std.mem.eql(u8, what, "time")) {
        try time(init, out);
    } else if (std.mem.eql(u8, what, "eat")) {
        try eat(out);
    } else if (std.mem.eql(u8, what, "panic")) {
        @panic("on purpose");
    } else {
        try out.print("hello {s} {d}\n", .{ init.environ_map.get("HOME") orelse "?", arguments.len });
    }
    try out.flush();
}

fn lines(init: std.process.Init, out: *Io.Writer) !void {
    var buffer: [4096]u8 = undefined;
    var reader: Io.File.Reader = .init(.stdin(), init.io, &buffer);
    var count: usize = 0;
    while (try reader.interface.takeDelimiter('\n')) |_| count += 1;
    try out.print("{d}\n", .{count});
}

fn files(init: std.process.Init, out: *Io.Writer) !void {
    const io = init.io;
    const dir = Io.Dir.cwd();
    try dir.createDirPath(io, "d/e");
    try dir.writeFile(io, .{ .sub_path = "d/e/f", .data = "hello" });
    try Io.Dir.rename(dir, "d/e/f", dir, "d/g", io);
    try dir.symLink(io, "g", "d/s", .{});
    const text = try dir.readFileAlloc(io, "d/g", init.gpa, .limited(100));
    defer init.gpa.free(text);
    var target: [16]u8 = undefined;
    const size = try dir.readLink(io, "d/s", &target);
    try out.print("{s} {s} {d}\n", .{ text, target[0..size], (try dir.statFile(io, "d/s", .{})).size });
    try dir.deleteTree(io, "d");
    try out.print("{any}\n", .{dir.access(io, "d", .{})});
    const ro = init.preopens.get("/ro").?.dir;
    const other = try ro.readFileAlloc(io, "file", init.gpa, .limited(100));
    defer init.gpa.free(other);
    try out.print("{s}{any}\n", .{ other, ro.writeFile(io, .{ .sub_path = "file", .data = "x" }) });
}

fn time(init: std.process.Init, out: *Io.Writer) !void {
    const start = Io.Clock.awake.now(init.io);
    try Io.sleep(init.io, .fromMilliseconds(20), .awake);
    try out.print("{}\n", .{start.durationTo(Io.Clock.awake.now(init.io)).toMilliseconds() >= 20});
}

fn eat(out: *Io.Writer) !void {
    const heap = std.heap.wasm_allocator;
    var pieces: usize = 0;
    while (heap.alloc(u8, 1 << 20)) |piece| : (pieces += 1) @memset(piece, 1) else |failure| {
        try out.print("{any} {}\n", .{ failure, pieces > 8 });
    }
}
