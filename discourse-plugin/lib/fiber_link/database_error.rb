# frozen_string_literal: true

module FiberLink
  # What an error of the database says about a repeat.
  module DatabaseError
    # The same row would be refused again.
    ROW = [PG::DataException, PG::NotNullViolation, PG::CheckViolation].freeze
    # Whatever the transaction did is lost.
    TRANSACTION = [
      ActiveRecord::TransactionRollbackError,
      ActiveRecord::ConnectionNotEstablished,
      PG::ConnectionBad,
      PG::UnableToSend,
    ].freeze

    def self.of_row?(error)
      one_of?(ROW, error)
    end

    def self.of_transaction?(error)
      one_of?(TRANSACTION, error)
    end

    def self.one_of?(classes, error)
      [error, error.cause].any? { |one| classes.any? { |klass| one.is_a?(klass) } }
    end
    private_class_method :one_of?
  end
end
