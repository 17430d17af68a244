#include "detect/tarball.h"

#include <fcntl.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <numeric>

namespace gapferry::detect {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kMaxEntryName = 99;
constexpr std::uint64_t kMaxSize = 077777777777;
constexpr int kGzipWindow = 15 + 16;  // the largest window, with gzip's head and tail

// Compresses into a file of the generation.
class GzipFile {
 public:
  static constexpr std::size_t kOutBytes = 64 << 10;

  explicit GzipFile(OutputFile file) : file_(std::move(file)), out_(kOutBytes, '\0') {
    open_ = ::deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8,
                           Z_DEFAULT_STRATEGY) == Z_OK;
  }
  GzipFile(const GzipFile&) = delete;
  GzipFile& operator=(const GzipFile&) = delete;
  ~GzipFile() {
    if (open_) ::deflateEnd(&stream_);
  }

  Status Write(std::string_view bytes) { return Deflate(bytes, Z_NO_FLUSH); }
  Status Close() {
    GF_CHECK(Deflate({}, Z_FINISH));
    return file_.Close();
  }

 private:
  Status Deflate(std::string_view bytes, int flush) {
    if (!open_) return Error::Make(Kind::kInternal, "zlib cannot begin");
    // zlib only reads it.
    stream_.next_in = const_cast<Bytef*>(AsBytes(bytes).data());
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(out_.data());
      stream_.avail_out = static_cast<uInt>(out_.size());
      if (::deflate(&stream_, flush) == Z_STREAM_ERROR)
        return Error::Make(Kind::kInternal, "zlib cannot go on");
      GF_CHECK(file_.Write(std::string_view(out_).substr(0, out_.size() - stream_.avail_out)));
    } while (stream_.avail_out == 0);
    return Ok();
  }

  OutputFile file_;
  std::string out_;
  z_stream stream_{};
  bool open_ = false;
};

// IEEE Std 1003.1, pax, "ustar Interchange Format": a regular file of mode 0644.
std::string Header(const std::string& name, std::uint64_t size) {
  std::string block(kBlock, '\0');
  const auto put = [&](std::size_t at, std::string_view text) {
    block.replace(at, text.size(), text);
  };
  put(0, name);
  put(100, "0000644");
  put(108, "0000000");
  put(116, "0000000");
  put(124, fmt::format("{:011o}", size));
  put(136, "00000000000");
  put(148, "        ");  // the sum counts its own place as spaces
  put(156, "0");
  put(257, std::string_view("ustar\00000", 8));
  const unsigned sum = std::accumulate(block.begin(), block.end(), 0U, [](unsigned so_far, char c) {
    return so_far + static_cast<std::uint8_t>(c);
  });
  put(148, fmt::format("{:06o}", sum));
  block[154] = '\0';
  return block;
}

Status CopyMember(const std::filesystem::path& path, std::uint64_t size, GzipFile* tarball) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.open()) return SystemError("cannot read " + path.string(), errno);
  std::array<std::uint8_t, 1 << 16> buffer{};
  std::uint64_t read = 0;
  while (read < size) {
    GF_TRY(const std::size_t got, ReadFull(file.get(), buffer));
    if (got == 0) break;
    read += got;
    GF_CHECK(tarball->Write(AsText(ByteView(buffer.data(), got))));
  }
  if (read != size) {
    return Error::Make(Kind::kIo, "{} has {} bytes, {} were written", path.string(), read, size);
  }
  return tarball->Write(std::string((kBlock - size % kBlock) % kBlock, '\0'));
}

}  // namespace

Status WriteTarball(OutputFolder* output, const std::string& name, std::string_view folder,
                    const std::vector<std::string>& files) {
  std::vector<std::pair<std::string, std::uint64_t>> members;
  for (const std::string& file : files)
    members.emplace_back(file, output->files().at(file).size);
  GF_TRY(OutputFile file, output->Open(name));
  GzipFile tarball(std::move(file));
  for (const auto& [member, size] : members) {
    const std::string path = std::string(folder) + '/' + member;
    if (path.size() > kMaxEntryName || size > kMaxSize)
      return Error::Make(Kind::kTooLarge, "{} of {} bytes fits into no tar file", path, size);
    GF_CHECK(tarball.Write(Header(path, size)));
    GF_CHECK(CopyMember(output->path() / member, size, &tarball));
  }
  GF_CHECK(tarball.Write(std::string(2 * kBlock, '\0')));
  return tarball.Close();
}

}  // namespace gapferry::detect
