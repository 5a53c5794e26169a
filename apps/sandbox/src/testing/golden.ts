/** A body's field names and types; lists keep their length and order. */
export const shapeOf = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, held]) => [name, shapeOf(held)]));
};

/** Bodies as Safaricom's and Africa's Talking's documents print them: names, misspellings and types are theirs. */
export const GOLDEN = {
  token: { access_token: 'c9SQxWWhmdVRlyh0zh8gZDTkubVF', expires_in: '3599' },
  stkRequest: {
    BusinessShortCode: '174379',
    Timestamp: '20160216165627',
    TransactionType: 'CustomerPayBillOnline',
    Amount: 1,
    PartyA: 254708374149,
    PartyB: '174379',
    PhoneNumber: 254708374149,
    CallBackURL: 'https://mydomain.com/pat',
    AccountReference: 'Test',
    TransactionDesc: 'Test',
  },
  stkAccepted: {
    MerchantRequestID: '29115-34620561-1',
    CheckoutRequestID: 'ws_CO_191220191020363925',
    ResponseCode: '0',
    ResponseDescription: 'Success. Request accepted for processing',
    CustomerMessage: 'Success. Request accepted for processing',
  },
  stkPaid: {
    Body: {
      stkCallback: {
        MerchantRequestID: '29115-34620561-1',
        CheckoutRequestID: 'ws_CO_191220191020363925',
        ResultCode: 0,
        ResultDesc: 'The service request is processed successfully.',
        CallbackMetadata: {
          Item: [
            { Name: 'Amount', Value: 1.0 },
            { Name: 'MpesaReceiptNumber', Value: 'NLJ7RT61SV' },
            { Name: 'Balance' },
            { Name: 'TransactionDate', Value: 20191219102115 },
            { Name: 'PhoneNumber', Value: 254708374149 },
          ],
        },
      },
    },
  },
  stkCancelled: {
    Body: {
      stkCallback: {
        MerchantRequestID: '29115-34620561-1',
        CheckoutRequestID: 'ws_CO_191220191020363925',
        ResultCode: 1032,
        ResultDesc: 'Request cancelled by user.',
      },
    },
  },
  stkQueried: {
    ResponseCode: '0',
    ResponseDescription: 'The service request has been accepted successsfully',
    MerchantRequestID: '22205-34066-1',
    CheckoutRequestID: 'ws_CO_13012021093521236557',
    ResultCode: '0',
    ResultDesc: 'The service request is processed successfully.',
  },
  error: {
    requestId: '16813-15-1',
    errorCode: '500.001.1001',
    errorMessage: 'The transaction is being processed',
  },
  b2cRequest: {
    OriginatorConversationID: '600997_Test_32et3241ed8yu',
    InitiatorName: 'testapi',
    CommandID: 'BusinessPayment',
    Amount: 10,
    PartyA: '600992',
    PartyB: 254705912645,
    Remarks: 'remarked',
    QueueTimeOutURL: 'https://mydomain.com/path',
    ResultURL: 'https://mydomain.com/path',
    Occassion: '',
  },
  b2cAccepted: {
    ConversationID: 'AG_20191219_00005797af5d7d75f652',
    OriginatorConversationID: '16740-34861180-1',
    ResponseCode: '0',
    ResponseDescription: 'Accept the service request successfully.',
  },
  b2cPaid: {
    Result: {
      ResultType: 0,
      ResultCode: 0,
      ResultDesc: 'The service request is processed successfully.',
      OriginatorConversationID: '10571-7910404-1',
      ConversationID: 'AG_20191219_00004e48cf7e3533f581',
      TransactionID: 'NLJ41HAY6Q',
      ResultParameters: {
        ResultParameter: [
          { Key: 'TransactionAmount', Value: 10 },
          { Key: 'TransactionReceipt', Value: 'NLJ41HAY6Q' },
          { Key: 'B2CRecipientIsRegisteredCustomer', Value: 'Y' },
          { Key: 'B2CChargesPaidAccountAvailableFunds', Value: -4510.0 },
          { Key: 'ReceiverPartyPublicName', Value: '254708374149 - John Doe' },
          { Key: 'TransactionCompletedDateTime', Value: '19.12.2019 11:45:50' },
          { Key: 'B2CUtilityAccountAvailableFunds', Value: 10116.0 },
          { Key: 'B2CWorkingAccountAvailableFunds', Value: 900000.0 },
        ],
      },
      ReferenceData: {
        ReferenceItem: {
          Key: 'QueueTimeoutURL',
          Value: 'https://internalsandbox.safaricom.co.ke/mpesa/b2cresults/v1/submit',
        },
      },
    },
  },
  b2cRefused: {
    Result: {
      ResultType: 0,
      ResultCode: 2001,
      ResultDesc: 'The initiator information is invalid.',
      OriginatorConversationID: '29112-34801843-1',
      ConversationID: 'AG_20191219_00006c6fddb15123addf',
      TransactionID: 'NLJ0000000',
      ReferenceData: {
        ReferenceItem: {
          Key: 'QueueTimeoutURL',
          Value: 'https://internalsandbox.safaricom.co.ke/mpesa/b2cresults/v1/submit',
        },
      },
    },
  },
  c2bRegistered: {
    OriginatorCoversationID: '7619-37765134-1',
    ResponseCode: '0',
    ResponseDescription: 'Success',
  },
  c2bConfirmation: {
    TransactionType: 'Pay Bill',
    TransID: 'RKTQDM7W6S',
    TransTime: '20191122063845',
    TransAmount: '10.00',
    BusinessShortCode: '600638',
    BillRefNumber: 'invoice008',
    InvoiceNumber: '',
    OrgAccountBalance: '49197.00',
    ThirdPartyTransID: '',
    MSISDN: '25470****149',
    FirstName: 'John',
    MiddleName: '',
    LastName: '',
  },
  sms: {
    SMSMessageData: {
      Message: 'Sent to 1/1 Total Cost: KES 0.8000',
      Recipients: [
        {
          statusCode: 101,
          number: '+254711XXXYYY',
          status: 'Success',
          cost: 'KES 0.8000',
          messageId: 'ATPid_SampleTxnId123',
        },
      ],
    },
  },
} as const;
