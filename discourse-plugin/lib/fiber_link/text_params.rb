# frozen_string_literal: true

module FiberLink
  # Parameters of a request that are one line of text: what is missing, or is none, is told by name.
  module TextParams
    private

    def text_param(name, limit: 255)
      optional_text_param(name, limit: limit) || raise(ActionController::ParameterMissing, name)
    end

    def optional_text_param(name, limit: 255)
      value = params[name]
      return if value.nil?

      value = value.strip if value.is_a?(String) && value.valid_encoding?
      fits = value.is_a?(String) && value.valid_encoding? && value.length <= limit
      raise Discourse::InvalidParameters.new(name) if !fits || value.match?(/[[:cntrl:]]/)
      value.presence
    end
  end
end
