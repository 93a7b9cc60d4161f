# frozen_string_literal: true

module Discourse
  class NotLoggedIn < StandardError; end
  class NotFound < StandardError; end
  class InvalidAccess < StandardError; end

  class InvalidParameters < StandardError
    def initialize(name = nil, *) = super(name.to_s)
  end

  class << self
    def plugins = (@plugins ||= [])
    def plugins_by_name = plugins.to_h { |plugin| [plugin.name, plugin] }
    def base_url = ENV.fetch("STAND_IN_BASE_URL", "http://test.localhost")
    def base_path = ""
    def system_user = User.find_by(id: -1) || User.create!(id: -1, username: "system", admin: true)

    # In Discourse these go to its error log; here they are kept for specs and shown in the log.
    def warnings = (@warnings ||= [])

    def warn_exception(error, message: nil, env: nil)
      warnings << [error, message, env]
      Rails.logger.warn("#{message}: #{error.class}: #{error.message}")
    end

    def warn(message, env = nil)
      warnings << [nil, message, env]
      Rails.logger.warn(message)
    end
  end
end

# A hash of names to numbers.
class Enum < Hash
  def initialize(members)
    super()
    update(members)
  end

  def [](name) = name.is_a?(Integer) ? key(name) : super
end
