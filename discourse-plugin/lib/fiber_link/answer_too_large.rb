# frozen_string_literal: true

module FiberLink
  # More than the forum reads of one answer. A smaller question may have one.
  class AnswerTooLarge < Unavailable
    def initialize(message)
      super(:bad_answer, message)
    end
  end
end
