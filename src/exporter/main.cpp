#include "exporter/commands.h"

int main(int argc, char** argv) {
  return gapferry::RunProgram(gapferry::exporter::ExportProgram(), argc, argv);
}
