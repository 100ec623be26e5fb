import Foundation

extension Plan {
    /// Make rules: one per run, its sources as prerequisites.
    ///
    /// The targets are phony: `assay train` itself knows by digest whether a run is fresh, which no time stamp does.
    ///
    /// - Parameters:
    ///   - command: the program, as make calls it.
    ///   - ids: the runs to make; rules of other runs are left out.
    public func makeRules(command: String, ids: [String], options: [String] = []) -> String {
        let wanted = Set(ids)
        let chosen = runs.filter { wanted.contains($0.id) }
        var lines = [
            "# The runs of \(study.path). Written by assay \(version); run with make -j N -f THIS.",
            "ASSAY ?= \(Self.shellQuoted(command))",
            "",
            "all: \(chosen.map { Self.target($0.id) }.joined(separator: " \\\n     "))",
            "",
            ".PHONY: all \(chosen.map { Self.target($0.id) }.joined(separator: " "))",
        ]
        for run in chosen {
            let sources = run.sources.map(\.id).filter(wanted.contains).map(Self.target)
            lines += [
                "",
                "\(Self.target(run.id)):\(sources.map { " " + $0 }.joined())",
                "\t@$(ASSAY) train \(Self.shellQuoted(study.path)) --only \(Self.shellQuoted(run.id))"
                    + options.map { " " + $0 }.joined(),
            ]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Ids are letters, digits and `+-_./`, of which none means anything to make.
    private static func target(_ id: String) -> String { "run/" + id }

    static func shellQuoted(_ text: String) -> String {
        let plain = text.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII
                && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                    || "+-_./=,:".unicodeScalars.contains(scalar))
        }
        let dollars = text.replacingOccurrences(of: "$", with: "$$")
        return plain ? text : "'" + dollars.replacingOccurrences(of: "'", with: "'\\''") + "'"
    }
}
