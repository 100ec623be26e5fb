import Datasets
import Figures
import Importers
import RunStore
import Scoring
import Selection
import Studies
import Tables
import Training
import Workflow

/// An error of one of the rooms: its description is the message, and it knows its exit code.
protocol Failure: Error, CustomStringConvertible {
    var exitCode: Int32 { get }
}

extension DatasetError: Failure {}
extension FigureError: Failure {}
extension ImportError: Failure {}
extension RunStoreError: Failure {}
extension ScoringError: Failure {}
extension SelectionError: Failure {}
extension StudyError: Failure {}
extension TableError: Failure {}
extension TrainingError: Failure {}
extension WorkflowError: Failure {}
