# frozen_string_literal: true

# Discourse's rails_helper loads this file and spec/fabricators, and nothing else of a plugin.

require "json-schema"

# Discourse has a matcher of its own for its own schemas.
RSpec::Matchers.define :match_fiber_link_schema do |name|
  match do |response|
    schema = File.join(__dir__, "support/api/schemas", "#{name}.json")
    @body = response.respond_to?(:body) ? response.body : response
    @errors = JSON::Validator.fully_validate(schema, @body, strict: false)
    @errors.empty?
  end
  failure_message { "#{@errors.join("\n")}\nin #{@body}" }
end

Dir[File.join(__dir__, "support/**/*.rb")].sort.each { |file| require file }
