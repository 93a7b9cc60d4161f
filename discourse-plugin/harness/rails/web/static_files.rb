# frozen_string_literal: true

module StandIn
  # The built front end: its files by their paths, and its page for every other path that a browser
  # visits, as Discourse answers them.
  class StaticFiles
    def initialize(app, folder)
      @app = app
      @folder = folder && File.expand_path(folder)
      @files = @folder && Rack::Files.new(@folder)
    end

    def call(env)
      return @app.call(env) unless @files && %w[GET HEAD].include?(env["REQUEST_METHOD"])
      path = env["PATH_INFO"]
      return @files.call(env) if file?(path)
      page?(env, path) ? page(env) : @app.call(env)
    end

    private

    def file?(path)
      file = File.expand_path(File.join(@folder, Rack::Utils.unescape_path(path)))
      file.start_with?("#{@folder}/") && File.file?(file)
    end

    def page?(env, path)
      env["HTTP_ACCEPT"].to_s.include?("text/html") && !path.end_with?(".json") &&
        !path.start_with?("/message-bus/", "/session/")
    end

    def page(env)
      @files.call(env.merge("PATH_INFO" => "/index.html"))
    end
  end
end
