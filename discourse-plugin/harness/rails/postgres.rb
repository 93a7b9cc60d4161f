# frozen_string_literal: true

require "etc"
require "fileutils"
require "open3"
require "tmpdir"
require "yaml"

# A throw-away PostgreSQL server on a Unix socket in a folder of its own. A shell that waits for the
# end of our process stops it, so it goes away however we end.
class Postgres
  def self.start
    new.tap(&:start)
  end

  attr_reader :folder

  def initialize
    @folder = Dir.mktmpdir("fiber-link-forum-", "/tmp") # The path of a socket is short.
    @user = Process.uid.zero? ? Etc.getpwnam("postgres") : nil
    File.chown(@user.uid, @user.gid, @folder) if @user
  end

  def start
    watch
    run("initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C", "-N", "-A", "trust")
    settings = {
      listen_addresses: "",
      unix_socket_directories: folder,
      fsync: "off",
      synchronous_commit: "off",
      full_page_writes: "off",
      shared_buffers: "32MB",
    }
    options = settings.map { |name, value| "-c #{name}='#{value}'" }.join(" ")
    run("pg_ctl", "-D", data, "-l", File.join(folder, "log"), "-o", options, "-w", "start")
  end

  # A database.yml for every environment.
  def configuration
    connection = {
      "adapter" => "postgresql", "host" => folder, "username" => "postgres",
      "database" => "postgres", "pool" => 40
    }
    path = File.join(folder, "database.yml")
    File.write(path, { ENV.fetch("RAILS_ENV") => connection }.to_yaml)
    path
  end

  private

  def data = File.join(folder, "data")

  # The server inherits what its starter has open: were that a pipe, reading it would never end.
  def run(program, *arguments)
    path = binaries.join(program).to_s
    pid =
      Process.spawn(
        *as_user, path, *arguments, in: File::NULL, [:out, :err] => output, chdir: folder
      )
    Process.wait(pid)
    return if $?.success?

    raise "#{program} failed:\n#{File.read(output)}\n#{File.read(log) if File.exist?(log)}"
  end

  def log = File.join(folder, "log")
  def output = File.join(folder, "output")

  def binaries
    found = ENV["PATH"].split(":").find { |path| File.exist?(File.join(path, "initdb")) }
    found ||=
      Dir["/usr/lib/postgresql/*/bin"].max_by { |path| path[%r{/(\d+)/bin}, 1].to_i } ||
        raise("PostgreSQL is missing; of Debian: postgresql")
    Pathname.new(found)
  end

  def as_user
    return [] if @user.nil?
    ["setpriv", "--reuid=#{@user.uid}", "--regid=#{@user.gid}", "--clear-groups"]
  end

  def watch
    script = <<~SH
      trap "" INT TERM HUP
      cat >/dev/null
      "$2/pg_ctl" -D "$1/data" -m immediate -w stop
      cd /
      rm -rf "$1"
    SH
    reader, @writer = IO.pipe
    pid =
      Process.spawn(
        *as_user, "sh", "-c", script, "sh", folder, binaries.to_s,
        in: reader, [:out, :err] => File::NULL, chdir: "/", pgroup: true
      )
    reader.close
    at_exit do
      @writer.close unless @writer.closed?
      Process.wait(pid)
    end
  end
end
