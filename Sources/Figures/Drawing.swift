import Foundation
import Tables

/// Why a figure's files could not be written.
public struct FigureError: Error, Sendable, Equatable, CustomStringConvertible {
    public var path: String
    public var reason: String
    public var exitCode: Int32 { 74 }
    public var description: String { "\(path): \(reason)" }
}

extension Figure {
    /// What became of a drawing.
    public enum Outcome: Sendable, Equatable {
        case drawn
        /// The data and the script are there, the picture is not; the sentence says why and what to do.
        case notDrawn(String)
    }

    /// Throws where a figure cannot be written to a path of that ending.
    public static func checkEnding(_ path: String) throws(FigureError) {
        let format = URL(fileURLWithPath: path).pathExtension
        guard formats.contains(format) else {
            throw FigureError(path: path, reason: "a figure ends in .svg, .pdf or .png, not '.\(format)'")
        }
    }

    /// Writes `PATH` (svg, pdf or png) with its CSV and its gnuplot script beside it.
    ///
    /// Without gnuplot the data and the script are written all the same.
    ///
    /// - Throws: `FigureError` where the files cannot be written, or gnuplot reports an error.
    public func draw(to path: String) throws(FigureError) -> Outcome {
        let standard = "/usr/local/bin:/usr/bin:/bin"
        return try draw(to: path, searchPath: ProcessInfo.processInfo.environment["PATH"] ?? standard)
    }

    /// - Parameter searchPath: the folders in which gnuplot is looked for, as in PATH.
    func draw(to path: String, searchPath: String) throws(FigureError) -> Outcome {
        let url = URL(fileURLWithPath: path)
        let folder = url.deletingLastPathComponent()
        let name = url.deletingPathExtension().lastPathComponent
        let format = url.pathExtension
        try Self.checkEnding(path)
        let table = folder.appendingPathComponent(name + ".csv")
        if let before = try? String(contentsOf: table, encoding: .utf8), !before.hasPrefix("panel,series,") {
            throw FigureError(
                path: path, reason: "\(name).csv beside it is no figure's data and would be lost; choose another name")
        }
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(data().formatted(.csv).utf8).write(
                to: folder.appendingPathComponent(name + ".csv"), options: .atomic)
            try Data(script(name: name, format: format).utf8)
                .write(to: folder.appendingPathComponent(name + ".gp"), options: .atomic)
        } catch {
            throw FigureError(path: path, reason: "cannot be written: \((error as NSError).localizedDescription)")
        }
        guard let gnuplot = Self.program("gnuplot", in: searchPath) else {
            return .notDrawn(
                "\(path): not drawn, because gnuplot is not installed (apt-get install gnuplot-nox, then "
                    + "gnuplot \(name).gp in \(folder.path))")
        }
        let process = Process()
        process.executableURL = gnuplot
        process.arguments = [name + ".gp"]
        process.currentDirectoryURL = folder
        // Newer versions of cairo write this instead of the time into a PDF.
        process.environment = ProcessInfo.processInfo.environment.merging(["SOURCE_DATE_EPOCH": "0"]) { $1 }
        let complaints = Pipe()
        process.standardError = complaints
        process.standardOutput = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            throw FigureError(
                path: path, reason: "gnuplot cannot be started: \((error as NSError).localizedDescription)")
        }
        let said = String(decoding: complaints.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let reason = said.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter {
                !$0.isEmpty
            }
            throw FigureError(path: path, reason: "gnuplot: \(reason.joined(separator: " "))")
        }
        if format == "pdf" { try Self.removeDate(from: url) }
        return .drawn
    }

    /// Equal figures are equal files: a PDF holds the time at which it was made, in plain text, and older versions of cairo
    /// know no way to prevent it.
    private static func removeDate(from file: URL) throws(FigureError) {
        do {
            var data = try Data(contentsOf: file)
            guard let key = data.range(of: Data("/CreationDate (D:".utf8)) else { return }
            let digits = data[key.upperBound...].prefix(14)
            guard digits.count == 14, digits.allSatisfy({ (48...57).contains($0) }) else { return }
            data.replaceSubrange(digits.indices, with: Data("19700101000000".utf8))
            try data.write(to: file, options: .atomic)
        } catch {
            throw FigureError(path: file.path, reason: "cannot be written: \((error as NSError).localizedDescription)")
        }
    }

    /// A program on a search path.
    private static func program(_ name: String, in searchPath: String) -> URL? {
        searchPath.split(separator: ":").map { URL(fileURLWithPath: String($0)).appendingPathComponent(name) }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }
}
